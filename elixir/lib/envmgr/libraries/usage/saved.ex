defmodule Envmgr.Libraries.Usage.Saved do
  # What one instance has counted, on disk (docs/protocol.md, section 1): `.envmgr/run/calls/<id>.msgpack`. Each instance of each
  # VM writes its own file and nobody else's. Files of those that have ended are taken over by the next: claimed by a
  # rename, written into its own file, which names them, and then deleted; so that whoever dies in between loses and doubles nothing.
  @moduledoc false

  alias Envmgr.Libraries.Usage.Record
  alias Envmgr.Values.{Decoder, Encoder}

  # A file that nobody has touched for so many seconds is not kept by anybody who could look at his clock.
  @silent 180

  @enforce_keys [:id]
  defstruct [:id, :path, closed?: false, process: nil, includes: [], records: []]

  @typedoc """
  `process`: the number of the VM's process and when it began, by the system's clock ticks. `includes`: of the files whose
  numbers are in this one. `closed?`: its instance has ended in order.
  """
  @type t :: %__MODULE__{
          id: String.t(),
          path: String.t() | nil,
          closed?: boolean(),
          process: {pos_integer(), non_neg_integer()} | nil,
          includes: [String.t()],
          records: [Record.t()]
        }

  @doc "A name that no other instance has."
  @spec id() :: String.t()
  def id do
    number = 8 |> :crypto.strong_rand_bytes() |> :binary.decode_unsigned()
    "~16.16.0b" |> :io_lib.format([number]) |> IO.iodata_to_binary()
  end

  @spec directory(String.t()) :: String.t()
  def directory(project), do: Path.join([project, ".envmgr", "run", "calls"])

  @spec path(String.t(), String.t()) :: String.t()
  def path(project, id), do: Path.join(directory(project), id <> ".msgpack")

  @doc "The files of a project, without those whose numbers are in another one; and those that cannot be read, with the reason."
  @spec all(String.t()) :: {[t()], included :: [t()], damaged :: [{String.t(), String.t()}]}
  def all(project) do
    read =
      project
      |> directory()
      |> Path.join("*.msgpack")
      |> Path.wildcard(match_dot: true)
      |> Enum.map(&read/1)

    damaged = for {:error, path, why} <- read, do: {path, why}
    files = for {:ok, file} <- read, do: file
    included = files |> Enum.flat_map(& &1.includes) |> MapSet.new()
    {done, files} = Enum.split_with(files, &(&1.id in included))
    {Enum.uniq_by(files, & &1.id), done, damaged}
  end

  @spec read(String.t()) :: {:ok, t()} | {:error, String.t(), String.t()} | :gone
  def read(path) do
    with {:ok, data} <- File.read(path),
         {:ok, %{"schema" => 1, "id" => id, "calls" => calls} = map}
         when is_binary(id) and is_list(calls) <-
           Decoder.decode(data),
         {:ok, records} <- records(calls) do
      {:ok,
       %__MODULE__{
         id: id,
         path: path,
         closed?: map["closed"] == true,
         process: process(map["process"]),
         includes: for(id <- List.wrap(map["includes"]), is_binary(id), do: id),
         records: records
       }}
    else
      {:error, :enoent} -> :gone
      {:error, reason} when is_atom(reason) -> {:error, path, "#{:file.format_error(reason)}"}
      _malformed -> {:error, path, "it is damaged, or of another version"}
    end
  end

  defp records(calls) do
    records = for call <- calls, do: Record.load(call)
    if :error in records, do: :error, else: {:ok, for({:ok, record} <- records, do: record)}
  end

  defp process([pid, began]) when is_integer(pid) and is_integer(began), do: {pid, began}
  defp process(_unknown), do: nil

  @doc "Writes the whole file, flushed to the disk, or leaves what was there."
  @spec write(t(), String.t()) :: :ok | {:error, File.posix()}
  def write(file, project) do
    process = with {pid, began} <- file.process, do: [pid, began]

    {:ok, data} =
      Encoder.encode(%{
        "schema" => 1,
        "id" => file.id,
        "process" => process,
        "closed" => file.closed?,
        "includes" => file.includes,
        "calls" => Enum.map(file.records, &Record.dump/1)
      })

    path = path(project, file.id)

    # A project that was deleted stays so.
    with {:ok, _there} <- File.stat(Path.join(project, ".envmgr")),
         :ok <- File.mkdir_p(Path.dirname(path)),
         :ok <- flushed(path <> ".new", data),
         do: File.rename(path <> ".new", path)
  end

  defp flushed(path, data) do
    with {:ok, device} <- :file.open(path, [:write, :raw, :binary]) do
      written = with :ok <- :file.write(device, data), do: :file.sync(device)
      :file.close(device)
      written
    end
  end

  @doc "Takes a file of an instance that has ended; `:error` when somebody else has it, or it lives."
  @spec claim(t(), String.t(), String.t()) :: {:ok, t()} | :error
  def claim(file, project, id) do
    claimed = path(project, "#{file.id}.#{id}")

    with true <- ended?(file),
         :ok <- File.rename(file.path, claimed),
         # Nobody takes it for abandoned once more.
         :ok <- File.touch(claimed),
         {:ok, file} <- read(claimed) do
      {:ok, file}
    else
      _not_ours -> :error
    end
  end

  @doc "Whether nobody will write this file any more."
  @spec ended?(t()) :: boolean()
  def ended?(file) do
    cond do
      # Somebody takes it over, unless he has died of it.
      Path.basename(file.path) != file.id <> ".msgpack" -> silent?(file.path)
      file.closed? -> true
      true -> silent?(file.path) and not runs?(file.process)
    end
  end

  defp silent?(path) do
    case File.stat(path, time: :posix) do
      {:ok, stat} -> System.os_time(:second) - stat.mtime > @silent
      {:error, _gone} -> false
    end
  end

  # A process of another container, or of a system without /proc, is not seen: its file is touched while it runs.
  defp runs?({pid, began}), do: began(pid) == began
  defp runs?(nil), do: false

  @doc "This VM's process, as files name it."
  @spec myself() :: {pos_integer(), non_neg_integer()} | nil
  def myself do
    pid = String.to_integer(System.pid())
    if began = began(pid), do: {pid, began}
  end

  # The 22nd field; the second is a name in parentheses, which may hold anything.
  defp began(pid) do
    with {:ok, stat} <- File.read("/proc/#{pid}/stat"),
         [_ | _] = parts <- String.split(stat, ")"),
         fields = parts |> List.last() |> String.split(),
         {ticks, ""} <- fields |> Enum.at(19, "") |> Integer.parse() do
      ticks
    else
      _unknown -> nil
    end
  end
end
