defmodule Envmgr.Pool.Child do
  # The operating system's side of workers and zygotes: the one place where they are started, written to and killed.
  @moduledoc false

  alias Envmgr.Libraries.Manifest

  @signals %{
             1 => "SIGHUP",
             2 => "SIGINT",
             4 => "SIGILL",
             6 => "SIGABRT",
             7 => "SIGBUS",
             8 => "SIGFPE"
           }
           |> Map.merge(%{9 => "SIGKILL", 11 => "SIGSEGV", 13 => "SIGPIPE", 15 => "SIGTERM"})

  @ending 1_000

  @typedoc "What a process is to be: a worker that starts afresh, a zygote, or one that a zygote forks on this request."
  @type kind :: :worker | :zygote | {:forked, socket :: String.t(), number :: pos_integer()}

  @doc """
  Starts what is to be a worker or a zygote, with frames on descriptors 3 and 4 and `variable` in its environment. What is known
  of a port's process is known of the worker, but for a forked one: that is another process, and the port lives until it ends.
  """
  @spec open(Manifest.t(), kind(), variable :: {String.t(), String.t()}) ::
          {:ok, port(), pos_integer()} | {:error, String.t()}
  def open(manifest, kind, variable) do
    [program | arguments] = command(manifest.command, kind)
    # Asked before, for a start that fails for these reasons leaks a descriptor in OTP 25.
    cond do
      not executable?(program) ->
        {:error, "#{program} does not start: there is no such program"}

      manifest.cwd && not File.dir?(manifest.cwd) ->
        {:error, "there is no directory #{manifest.cwd}"}

      true ->
        start(manifest, program, arguments, variable)
    end
  end

  defp command(command, :worker), do: command
  defp command(command, :zygote), do: command ++ ["zygote"]

  # It is on the way of every worker: it does without what it does not need. It has seen nothing of the libraries.
  defp command([program | arguments], {:forked, socket, number}) do
    layer = Path.dirname(List.last(arguments))
    handover = Path.join([layer, "envmgr_runtime", "worker", "handover.py"])
    [program, "-I", "-S", "-B", handover, socket, "#{number}"]
  end

  defp start(manifest, program, arguments, variable) do
    options =
      [
        :binary,
        :nouse_stdio,
        :exit_status,
        :hide,
        packet: 4,
        args: arguments,
        env: env([variable | manifest.env])
      ] ++
        if(manifest.cwd, do: [cd: manifest.cwd], else: [])

    port = Port.open({:spawn_executable, program}, options)

    case Port.info(port, :os_pid) do
      {:os_pid, os_pid} -> {:ok, port, os_pid}
      nil -> {:error, "#{program} ended as it started"}
    end
  rescue
    error in ErlangError ->
      {:error, "#{program} does not start: #{inspect(error.original)}"}

    ArgumentError ->
      {:error, "the launch manifest's command or env cannot be used"}
  end

  @doc "Writes without waiting: false when the port is busy (or gone, which a message will tell)."
  @spec write(port(), iodata()) :: boolean()
  def write(port, data) do
    :erlang.port_command(port, data, [:nosuspend])
  rescue
    ArgumentError -> false
  end

  @doc "Ends a worker and what it started, without waiting."
  @spec kill(pos_integer()) :: pid()
  def kill(os_pid), do: spawn(fn -> kill_now(os_pid) end)

  @doc "Ends a worker and what it started, and waits for the signal to be sent."
  @spec kill_now(pos_integer()) :: :ok
  def kill_now(os_pid) do
    # The worker leads its own process group from the moment it is forked.
    System.cmd("kill", ["-KILL", "--", "-#{os_pid}", "#{os_pid}"], stderr_to_stdout: true)
    :ok
  rescue
    ErlangError -> :ok
  end

  @doc "Ends a worker and what it started, sees it end, and closes its port. One whose number is not known yet ends with its port."
  @spec stop(port(), pos_integer() | nil) :: true
  def stop(port, nil), do: close(port)

  def stop(port, os_pid) do
    kill_now(os_pid)

    receive do
      {^port, {:exit_status, _status}} -> true
      {:EXIT, ^port, _reason} -> true
    after
      @ending -> close(port)
    end
  end

  @doc "Closes a port, if it is open."
  @spec close(port()) :: true
  def close(port) do
    Port.close(port)
  rescue
    ArgumentError -> true
  end

  @doc "A port's exit status, from what a zygote says of a worker: a status, or the negated number of a signal."
  @spec status(integer()) :: non_neg_integer()
  def status(signal) when signal < 0, do: 128 - signal
  def status(status), do: status

  @doc """
  Of a child of `parent` that was not asked how it ended: a port's exit status. `:runs`: it has not ended. nil: the system
  does not tell (it is not Linux), does not know it any more, or has given it another parent, for that one has ended.
  """
  @spec ended(pos_integer(), pos_integer() | nil) :: non_neg_integer() | :runs | nil
  def ended(os_pid, parent) do
    with {:ok, stat} <- File.read("/proc/#{os_pid}/stat"),
         [state, of | _] = fields <- stat |> String.split(") ") |> List.last() |> String.split() do
      cond do
        state != "Z" -> :runs
        of == "#{parent}" -> fields |> List.last() |> String.to_integer() |> waited()
        true -> nil
      end
    else
      _untold -> nil
    end
  end

  # As `wait` has it.
  defp waited(status) do
    case Bitwise.band(status, 0x7F) do
      0 -> Bitwise.bsr(status, 8)
      signal -> 128 + signal
    end
  end

  @doc "How a worker ended, in words, from a port's exit status."
  @spec ending(non_neg_integer()) :: String.t()
  def ending(status) when status > 128 do
    "was ended by #{Map.get(@signals, status - 128, "signal #{status - 128}")}"
  end

  def ending(status), do: "exited with status #{status}"

  defp executable?(program) do
    case File.stat(program) do
      {:ok, %{type: :regular, mode: mode}} -> Bitwise.band(mode, 0o111) != 0
      _other -> false
    end
  end

  defp env(pairs) do
    for {name, value} <- pairs,
        do: {to_charlist(name), if(value, do: to_charlist(value), else: false)}
  end
end
