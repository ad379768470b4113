defmodule Envmgr.Libraries.Discovery do
  # What libraries offer, for readers. Answers are read from the catalogs and kept by nobody.
  @moduledoc false

  alias Envmgr.Error
  alias Envmgr.Libraries.{CatalogFile, Filters, Row, Signature}

  @doc """
  The objects of a library by their canonical paths, in the order of these; of a module, those that have a path in it, by the
  shortest of these.
  """
  @spec functions(String.t(), CatalogFile.t(), Filters.t()) :: [map()]
  def functions(library, file, %{module: nil} = filters) do
    for object <- 0..(file.objects - 1)//1,
        raw = row!(file, object),
        Filters.keep?(filters, raw),
        do: brief(library, raw)
  end

  def functions(library, file, %{module: module} = filters) do
    filters = %{filters | module: nil}

    for {object, path} <- inside(file, module),
        raw = row!(file, object),
        Filters.keep?(filters, raw),
        do: brief(library, [path | tl(raw)])
  end

  defp inside(file, module) do
    own = for {:ok, number} <- [CatalogFile.find(file, module)], do: number

    (own ++ Enum.to_list(CatalogFile.range(file, module <> ".")))
    |> Enum.map(&{CatalogFile.path(file, &1), CatalogFile.object(file, &1)})
    |> Enum.sort_by(fn {path, _object} -> {byte_size(path), path} end)
    |> Enum.uniq_by(fn {_path, object} -> object end)
    |> Enum.sort()
    |> Enum.map(fn {path, object} -> {object, path} end)
  end

  @doc "An object in short."
  @spec brief(String.t(), Row.raw()) :: map()
  def brief(library, [path, kind, parameters, returns, summary, flags | _]) do
    path = "#{library}.#{path}"

    %{
      path: path,
      kind: kind,
      parameters: parameters && Enum.map(parameters, &Signature.parameter/1),
      signature: signature(kind, path, parameters, returns),
      returns: returns,
      summary: summary,
      deprecated: Filters.deprecated?(flags)
    }
  end

  @doc "How the path is written in Python: a call, or a value and its type."
  @spec signature(String.t(), String.t(), Signature.parameters(), String.t() | nil) :: String.t()
  def signature(kind, path, parameters, returns) do
    case kind do
      "module" ->
        path

      kind when kind in ["property", "constant"] ->
        path <> if(returns, do: ": #{returns}", else: "")

      "class" ->
        Signature.text(path, parameters)

      _callable ->
        Signature.text(path, parameters, returns)
    end
  end

  @spec row!(CatalogFile.t(), non_neg_integer()) :: Row.raw()
  def row!(file, object) do
    case CatalogFile.row(file, object) do
      {:ok, raw} -> raw
      {:error, reason} -> raise Error, code: :catalog, message: reason
    end
  end
end
