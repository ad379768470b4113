defmodule Envmgr.Pool.Postmortem do
  # What is known of a worker's end, for those whose call it was: the signal or status, Python's last frames from the
  # crash file, and what to do.
  @moduledoc false

  alias Envmgr.Pool.Child

  defstruct [:how, :hint, :status, :signal, class: :library, frames: []]

  @type frame :: {String.t(), pos_integer(), String.t()}
  @type t :: %__MODULE__{
          how: String.t(),
          hint: String.t(),
          status: non_neg_integer() | nil,
          signal: pos_integer() | nil,
          class: Envmgr.Error.class(),
          frames: [frame()]
        }

  @closed_hint "the function, or C code below it, has closed descriptors that it did not open (os.closerange, the start of a daemon)"
  @repeat "the call may have run: repeat it only if that does no harm"
  @extension "this is a fault in C code, of the library or of what it is used with: look for a version of it where it is mended (`envmgr upgrade`), and at the arguments"

  @hints %{
    4 =>
      "the processor does not know an instruction of the library's C code: it was built for a newer processor",
    6 =>
      "C or C++ code gave up (abort); what it said stands in the log, on stderr. Look at the arguments and the library's version",
    7 =>
      "memory behind a file was not there: a memory-mapped file was cut, or the disk (/dev/shm) is full",
    8 => "C code divided by zero: look at the arguments and the library's version",
    9 =>
      "the system ended it, most often because memory ran out (dmesg, or the container's limit, tells): pass less data at once, or give it more memory",
    11 => @extension,
    15 => "somebody asked it to end: a service manager, or a person",
    24 => "it used more processor time than a limit of the system allows (ulimit -t)",
    25 => "it wrote a larger file than a limit of the system allows (ulimit -f)",
    31 => "it made a system call that a sandbox forbids"
  }

  @resources [7, 9, 24, 25]

  # Statuses that the runtime itself ends with (docs/protocol.md).
  @broken_frame 76
  @closed 74

  @typedoc """
  A port's exit status (128 and above: a signal), that of the zygote that took the worker along; that it has not ended, or
  nothing.
  """
  @type ending :: non_neg_integer() | {:with_zygote, non_neg_integer()} | :runs | :unknown

  @doc "From how it ended and the text of the crash file."
  @spec of(ending(), String.t() | nil) :: t()
  def of({:with_zygote, status}, _crash) do
    zygote = of(status, nil)
    %{zygote | how: "ended with its zygote, which #{zygote.how}"}
  end

  def of(:unknown, crash) do
    %__MODULE__{
      how: "ended, and its zygote did not say how",
      hint: "look at the system's log; the zygote may hang",
      frames: frames(crash)
    }
  end

  def of(:runs, crash) do
    %__MODULE__{
      how: "closed its pipe and did not end in time",
      hint: @closed_hint,
      frames: frames(crash)
    }
  end

  def of(status, crash) when status > 128 do
    signal = status - 128

    %__MODULE__{
      how: Child.ending(status),
      hint: @hints |> Map.get(signal, "look at the system's log") |> Envmgr.Commands.spoken(),
      signal: signal,
      class: if(signal in @resources, do: :resource, else: :library),
      frames: frames(crash)
    }
  end

  def of(@broken_frame, _crash) do
    %__MODULE__{
      how: "ended because a message could not be read",
      hint: "this is a fault of Envmgr, or something else wrote to the worker's descriptor 3",
      status: @broken_frame,
      class: :internal
    }
  end

  def of(@closed, crash) do
    %__MODULE__{
      how: "ended because its descriptors were closed",
      hint: @closed_hint,
      status: @closed,
      frames: frames(crash)
    }
  end

  def of(status, crash) do
    %__MODULE__{
      how: "exited with status #{status}",
      hint:
        "the function, or C code below it, ended Python itself (os._exit, exit): it is not made to be called in a worker that goes on",
      status: status,
      frames: frames(crash)
    }
  end

  @doc """
  What a caller is told: fields of its error. `running` is the path of the call that ran when the worker ended, nil when that is not
  known; `own?` whether it was this caller's, which `details.own?` says where the path is known.
  """
  @spec fields(t(), String.t() | nil, boolean()) :: keyword()
  def fields(%__MODULE__{} = ending, running, own?) do
    [
      code: :worker_lost,
      class: ending.class,
      message: "the worker #{ending.how}#{while(running, own?)}#{at(ending.frames)}",
      hint: hint(ending, own?),
      details: details(ending, running, own?)
    ]
  end

  defp while(nil, _own?), do: ""
  defp while(path, true), do: " while it ran #{path}"
  defp while(path, false), do: " while it ran a call of #{path}, not this one"

  defp at([]), do: ""

  defp at([{file, line, function} | _]),
    do: ", at #{Path.basename(file)}:#{line} in #{function}"

  defp hint(ending, true), do: "#{ending.hint}. #{upcase(@repeat)}"
  defp hint(_ending, false), do: @repeat

  defp upcase(<<first::binary-1, rest::binary>>), do: String.upcase(first) <> rest

  defp details(ending, running, own?) do
    %{signal: ending.signal, status: ending.status, running: running, frames: ending.frames}
    |> Map.put(:own?, if(running, do: own?))
    |> Enum.reject(fn {_key, value} -> value in [nil, []] end)
    |> Map.new()
  end

  @doc """
  The last frames of Python's thread that met the signal, innermost first, without the runtime's: from what faulthandler wrote. Empty
  when there is nothing, or nothing that can be read.
  """
  @spec frames(String.t() | nil) :: [frame()]
  def frames(nil), do: []

  def frames(crash) do
    crash
    |> String.split("\n")
    |> section()
    |> Enum.flat_map(&frame/1)
    |> Enum.reject(fn {file, _line, _function} -> ours?(file) end)
  end

  # Other threads are told as well; the current one is called so.
  defp section(lines) do
    start =
      Enum.find_index(lines, &String.starts_with?(&1, "Current thread")) ||
        Enum.find_index(lines, &(&1 =~ "most recent call first"))

    if start,
      do: lines |> Enum.drop(start + 1) |> Enum.take_while(&String.starts_with?(&1, "  ")),
      else: []
  end

  defp frame(line) do
    case Regex.run(~r/^  File "(.*)", line (\d+) in (.*)$/, line) do
      [_, file, number, function] -> [{file, String.to_integer(number), function}]
      nil -> []
    end
  end

  defp ours?(file),
    do: file =~ ~r{/envmgr_runtime/|/runtime/[^/]+/worker\.py$|^<frozen |/worker\.py$}
end
