defmodule Envmgr.Libraries.Catalog do
  # What may be called. Pools write, callers read without asking a process.
  @moduledoc false

  alias Envmgr.Libraries.{Manifest, Signature}
  alias Envmgr.Values.Decoder

  @chunk 1_000

  @type row ::
          {String.t(), library :: String.t(), environment :: String.t(), timeout :: pos_integer(),
           least :: integer(), most :: integer(), epoch :: integer(), detail :: binary(),
           hints :: Signature.hints() | nil}

  @doc """
  The rows of all libraries of an environment. Reads the catalog files: linear in their entries.

  `epoch` marks the rows, so that those of an earlier load can be told apart and removed.
  """
  @spec load(Manifest.t(), integer()) :: {:ok, [row()]} | {:error, String.t()}
  def load(manifest, epoch) do
    Enum.reduce_while(manifest.libraries, {:ok, []}, fn {name, library}, {:ok, rows} ->
      with {:ok, content} <- read(library.catalog),
           {:ok, %{"schema" => 1, "entries" => entries}} <- Decoder.decode(content) do
        row = &row(&1, name, manifest.environment, library.timeout, epoch)
        {:cont, {:ok, Enum.reduce(entries, rows, &[row.(&1) | &2])}}
      else
        {:error, reason} -> {:halt, {:error, "catalog #{library.catalog}: #{reason}"}}
        {:ok, _other} -> {:halt, {:error, "catalog #{library.catalog}: its schema is not known"}}
      end
    end)
  end

  @doc "Puts the rows where callers see them, then takes away those of earlier epochs. Not in one step: see Pool.Server."
  @spec publish(atom(), Manifest.t(), integer(), [row()]) :: :ok
  def publish(table, manifest, epoch, rows) do
    announce(table, manifest, epoch)
    rows |> Stream.chunk_every(@chunk) |> Enum.each(&:ets.insert(table, &1))
    delete(table, manifest.environment, :"=/=", epoch)
  end

  @doc "Makes the names of an environment's libraries known, before their catalogs are read."
  @spec announce(atom(), Manifest.t(), integer()) :: :ok
  def announce(table, manifest, epoch) do
    for {name, library} <- manifest.libraries do
      facts = Map.put(library, :generation, manifest.generation)
      :ets.insert(table, {{:library, name}, manifest.environment, epoch, facts})
    end

    :ok
  end

  @doc "Removes the rows that an environment has from one load."
  @spec remove(atom(), String.t(), integer()) :: :ok
  def remove(table, environment, epoch), do: delete(table, environment, :"=:=", epoch)

  defp delete(table, environment, comparison, epoch) do
    which = [{comparison, :"$1", epoch}]
    callable = {{:_, :_, environment, :_, :_, :_, :"$1", :_, :_}, which, [true]}
    library = {{{:library, :_}, environment, :"$1", :_}, which, [true]}
    :ets.select_delete(table, [callable, library])
    :ok
  end

  @spec lookup(atom(), String.t()) :: row() | nil
  def lookup(table, path) do
    case :ets.lookup(table, path) do
      [row] -> row
      [] -> nil
    end
  end

  @doc "All libraries: `{name, environment, facts}`."
  @spec libraries(atom()) :: [{String.t(), String.t(), map()}]
  def libraries(table) do
    :ets.select(table, [{{{:library, :"$1"}, :"$2", :_, :"$3"}, [], [{{:"$1", :"$2", :"$3"}}]}])
  end

  @doc "The rows of a library, as `functions/1` answers them."
  @spec functions(atom(), String.t()) :: [map()]
  def functions(table, library) do
    table
    |> :ets.select([{{:"$1", library, :_, :_, :_, :_, :_, :"$2", :_}, [], [{{:"$1", :"$2"}}]}])
    |> Enum.map(fn {path, detail} ->
      {kind, parameters, summary} = :erlang.binary_to_term(detail)

      %{
        path: path,
        kind: kind,
        parameters: parameters && Enum.map(parameters, &Signature.parameter/1),
        signature: Signature.text(path, parameters),
        summary: summary
      }
    end)
    |> Enum.sort_by(& &1.path)
  end

  @spec paths(atom(), String.t()) :: [String.t()]
  def paths(table, library) do
    :ets.select(table, [{{:"$1", library, :_, :_, :_, :_, :_, :_, :_}, [], [:"$1"]}])
  end

  @spec parameters(row()) :: Signature.parameters()
  def parameters(row) do
    {_kind, parameters, _summary} = row |> elem(7) |> :erlang.binary_to_term()
    parameters
  end

  defp read(path) do
    with {:error, reason} <- File.read(path), do: {:error, to_string(:file.format_error(reason))}
  end

  # The detail is a binary of its own: a lookup copies a pointer instead of fifty parameters.
  defp row([path, kind, parameters, summary | _later], library, environment, timeout, epoch) do
    {least, most} = Signature.positional(parameters)
    detail = :erlang.term_to_binary({kind, parameters, summary})
    hints = Signature.hints(parameters)
    {"#{library}.#{path}", library, environment, timeout, least, most, epoch, detail, hints}
  end
end
