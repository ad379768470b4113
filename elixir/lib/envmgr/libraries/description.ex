defmodule Envmgr.Libraries.Description do
  # All that is known of one object, or of a library. The answer of `describe/2`.
  @moduledoc false

  import Bitwise

  alias Envmgr.Error

  alias Envmgr.Libraries.{
    Catalog,
    CatalogFile,
    Discovery,
    Example,
    Filters,
    Nearby,
    Signature,
    Unknown
  }

  @inferred 2

  @doc "Raises for a path that leads nowhere."
  @spec of(atom(), String.t()) :: map()
  def of(table, path) do
    case Catalog.locate(table, path) do
      nil -> of_library(table, path)
      place -> of_object(table, path, place)
    end
  end

  defp of_library(table, path) do
    with nil <- whole(table, path), nil <- whole(table, Catalog.target(table, path)) do
      raise Unknown.error(table, path)
    end
  end

  defp whole(_table, nil), do: nil

  defp whole(table, library) do
    with {environment, facts} <- Catalog.library(table, library),
         %CatalogFile{} = file <- Catalog.file(table, library) do
      rows = for object <- 0..(file.objects - 1)//1, do: Discovery.row!(file, object)

      %{
        path: library,
        library: library,
        kind: "library",
        module: facts.module,
        distribution: facts.distribution,
        version: facts.version,
        environment: environment,
        generation: facts.generation,
        aliases: configured(table, [library]),
        paths: file.paths,
        counts: Enum.frequencies_by(rows, fn [_path, kind | _] -> kind end),
        submodules: for([path, "module" | _] <- rows, do: "#{library}.#{path}"),
        # Submodules that could not be imported, and why.
        errors:
          for([module, message | _] <- file.errors, do: %{module: module, message: message}),
        examples: %{
          elixir: "Envmgr.functions(#{inspect(library)})",
          python: "dir(#{file.module})"
        }
      }
    end
  end

  # What is written as code has the path that was asked for: pandas.DataFrame.head is pandas.Series.head, too.
  defp of_object(table, path, {target, {library, environment, _, _, _}, file, object}) do
    raw = Discovery.row!(file, object)
    detail = detail!(file, object)
    parsed = detail["parsed"] || %{}
    facts = facts(table, library)
    [own, kind, parameters, returns, summary, flags, overloads | _] = raw
    canonical = "#{library}.#{own}"
    written = target || path
    [_library, asked] = :binary.split(written, ".")
    others = for other <- detail["aliases"] || [], do: "#{library}.#{other}"
    noted = noted(parsed["parameters"])

    %{
      path: written,
      canonical: canonical,
      library: library,
      version: facts[:version],
      environment: environment,
      generation: facts[:generation],
      kind: kind,
      signature: Discovery.signature(kind, written, parameters, returns),
      parameters: parameters && Enum.map(parameters, &parameter(&1, noted)),
      returns: returns,
      inferred: (flags &&& @inferred) != 0,
      overloads: for([p, r | _] <- overloads || [], do: Signature.text(written, p, r)),
      summary: parsed["summary"] || summary,
      description: parsed["description"],
      doc: detail["doc"],
      returned: said(parsed["returns"]),
      yields: said(parsed["yields"]),
      raises: for([type, text | _] <- parsed["raises"] || [], do: %{type: type, text: text}),
      notes: parsed["notes"],
      aliases:
        List.delete([canonical | others], written) ++ configured(table, [canonical | others]),
      module: detail["module"],
      file: detail["file"],
      line: detail["line"],
      deprecated: detail["deprecated"] || if(Filters.deprecated?(flags), do: "it is deprecated"),
      value: detail["value"],
      origins: detail["origins"] || %{},
      examples: examples(library, file, [asked | tl(raw)], parsed),
      members: members(library, file, kind, asked)
    }
  end

  defp examples(library, file, [path, kind | _] = raw, parsed) do
    said = for [name, type | _] <- parsed["parameters"] || [], type, into: %{}, do: {name, type}
    holder = holder(file, kind, path)

    %{
      elixir: Example.elixir(library, raw, holder, said),
      python: Example.python(file.module, raw, holder, said),
      library: parsed["examples"]
    }
  end

  defp facts(table, library) do
    case Catalog.library(table, library) do
      {_environment, facts} -> facts
      nil -> %{}
    end
  end

  # Names of the configuration for these paths, or for what these paths are in.
  defp configured(table, paths) do
    Enum.sort(
      for {alias, target} <- Catalog.aliases(table),
          path <- paths,
          path == target or String.starts_with?(path, target <> "."),
          do: alias <> String.replace_prefix(path, target, "")
    )
  end

  # A docstring may tell of several parameters at once, and writes *args.
  defp noted(nil), do: %{}

  defp noted(parameters) do
    for [names, type, text | _] <- parameters,
        is_binary(names),
        name <- String.split(names, ","),
        into: %{},
        do: {name |> String.trim() |> String.trim_leading("*"), {type, text}}
  end

  defp parameter([name | _] = raw, noted) do
    {type, text} = Map.get(noted, name, {nil, nil})
    parameter = Signature.parameter(raw)
    Map.merge(parameter, %{type: parameter.type || type, text: text})
  end

  defp said(results),
    do: for([name, type, text | _] <- results || [], do: %{name: name, type: type, text: text})

  # The class that a method or a property is of.
  defp holder(file, kind, path) when kind in ["method", "property"] do
    parts = path |> String.split(".") |> Enum.drop(-1)

    with [_ | _] <- parts,
         {:ok, number} <- CatalogFile.find(file, Enum.join(parts, ".")),
         {:ok, [_, "class" | _] = raw} <- CatalogFile.row(file, CatalogFile.object(file, number)) do
      raw
    else
      _none -> nil
    end
  end

  defp holder(_file, _kind, _path), do: nil

  # What is right under a class or a module.
  defp members(library, file, kind, path) when kind in ["class", "module"] do
    for name <- Nearby.siblings(file, path),
        under = "#{path}.#{name}",
        {:ok, number} <- [CatalogFile.find(file, under)] do
      [_path | raw] = Discovery.row!(file, CatalogFile.object(file, number))
      Discovery.brief(library, [under | raw])
    end
  end

  defp members(_library, _file, _kind, _path), do: []

  defp detail!(file, object) do
    case CatalogFile.detail(file, object) do
      {:ok, detail} -> detail
      {:error, reason} -> raise Error, code: :catalog, message: reason
    end
  end
end
