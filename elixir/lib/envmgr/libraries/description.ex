defmodule Envmgr.Libraries.Description do
  # All that is known of one object, or of a library. The answer of `describe/2`.
  @moduledoc false

  import Bitwise

  alias Envmgr.Error
  alias Envmgr.Libraries.{Catalog, CatalogFile, Discovery, Example, Filters, Signature, Unknown}

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
        objects: file.objects,
        # Submodules that could not be imported, and why.
        errors:
          for([module, message | _] <- file.errors, do: %{module: module, message: message}),
        examples: Example.library(library, file.module)
      }
    end
  end

  # What is written as code has the path that was asked for: pandas.DataFrame.head is pandas.Series.head, too.
  defp of_object(table, path, {target, {library, environment, _, _}, file, object}) do
    raw = Discovery.row!(file, object)
    detail = detail!(file, object)
    parsed = detail["parsed"] || %{}
    facts = facts(table, library)
    [own, kind, parameters, returns, summary, flags, overloads | _] = raw
    canonical = "#{library}.#{own}"
    written = target || path
    [_library, asked] = :binary.split(written, ".")
    aliases = for other <- detail["aliases"] || [], do: "#{library}.#{other}"
    noted = noted(parsed["parameters"])

    %{
      path: canonical,
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
      summary: summary,
      description: parsed["description"],
      doc: detail["doc"],
      results: results(parsed["returns"]),
      yields: results(parsed["yields"]),
      raises: for([type, text | _] <- parsed["raises"] || [], do: %{type: type, text: text}),
      notes: parsed["notes"],
      doc_examples: parsed["examples"],
      aliases: aliases ++ configured(table, [canonical | aliases]),
      module: detail["module"],
      file: detail["file"],
      line: detail["line"],
      deprecated: detail["deprecated"] || if(Filters.deprecated?(flags), do: "it is deprecated"),
      value: detail["value"],
      origins: detail["origins"] || %{},
      examples: example(library, file, [asked | tl(raw)], noted)
    }
  end

  defp example(library, file, [path, kind | _] = raw, noted),
    do: Example.make(library, file.module, raw, types(noted), maker(file, kind, path))

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

  defp types(noted), do: for({name, {type, _text}} <- noted, type, into: %{}, do: {name, type})

  defp parameter([name | _] = raw, noted) do
    {type, text} = Map.get(noted, name, {nil, nil})
    parameter = Signature.parameter(raw)
    Map.merge(parameter, %{type: parameter.type || type, text: text})
  end

  defp results(results),
    do: for([name, type, text | _] <- results || [], do: %{name: name, type: type, text: text})

  # The class that a method or a property is of.
  defp maker(file, kind, path) when kind in ["method", "property"] do
    parts = String.split(path, ".")

    with [_ | _] = parts <- Enum.drop(parts, -1),
         {:ok, number} <- CatalogFile.find(file, Enum.join(parts, ".")),
         {:ok, [_, "class" | more]} <- CatalogFile.row(file, CatalogFile.object(file, number)) do
      [Enum.join(parts, "."), "class" | more]
    else
      _none -> nil
    end
  end

  defp maker(_file, _kind, _path), do: nil

  defp detail!(file, object) do
    case CatalogFile.detail(file, object) do
      {:ok, detail} -> detail
      {:error, reason} -> raise Error, code: :catalog, message: reason
    end
  end
end
