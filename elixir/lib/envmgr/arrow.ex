defmodule Envmgr.Arrow do
  # The room of Arrow IPC (https://arrow.apache.org/docs/format/Columnar.html): streams and files to columns and back.
  # It knows nothing of Python or of our values: what its own numbers and bytes do not say is left to a converter.
  # Imports nothing of ours.
  @moduledoc false

  alias Envmgr.Arrow.{Listing, Part, Reader, Table, Writer}

  @typedoc "Asked once for each type of a column: the function that makes the value of what Arrow has, nil for itself."
  @type converter :: (term() -> (term() -> term()) | nil)

  @doc """
  The structure of an IPC stream or file. Values are not touched; each buffer is known to be as long as its column
  needs. The time is that of the metadata, whatever the size of the data.
  """
  @spec read(binary()) :: {:ok, Table.t()} | {:error, String.t()}
  def read(data) do
    {:ok, Reader.read(data)}
  catch
    {:arrow, reason} -> {:error, reason}
  end

  @doc "All values of field `index`, over all batches. An exception of the converter's functions passes through."
  @spec column(Table.t(), non_neg_integer(), converter()) :: {:ok, list()} | {:error, String.t()}
  def column(table, index, converter) do
    {:ok, Listing.column(table, index, converter)}
  catch
    {:arrow, reason} -> {:error, reason}
  end

  @doc "The first `count` rows, without reading them."
  @spec head(Table.t(), non_neg_integer()) :: {:ok, Table.t()} | {:error, String.t()}
  def head(table, count) do
    {:ok, Part.head(table, count)}
  catch
    {:arrow, reason} -> {:error, reason}
  end

  @doc "The rows at these positions; dictionaries become plain values."
  @spec rows(Table.t(), [non_neg_integer()]) :: {:ok, Table.t()} | {:error, String.t()}
  def rows(table, positions) do
    {:ok, Part.rows_at(table, positions)}
  catch
    {:arrow, reason} -> {:error, reason}
  end

  @doc "Of a field with one dictionary throughout: its indices and the dictionary's values; else nil."
  @spec indices(Table.t(), non_neg_integer()) ::
          {:ok, {[integer() | nil], list()} | nil} | {:error, String.t()}
  def indices(table, field) do
    {:ok, Part.indices(table, field)}
  catch
    {:arrow, reason} -> {:error, reason}
  end

  @doc "An IPC stream of this table; data goes into it without a copy."
  @spec write(Table.t()) :: {:ok, iodata()} | {:error, String.t()}
  def write(table) do
    {:ok, Writer.stream(table)}
  catch
    {:arrow, reason} -> {:error, reason}
  end
end
