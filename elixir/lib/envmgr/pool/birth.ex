defmodule Envmgr.Pool.Birth do
  # How an owner gets its worker: forked by the zygote of its generation, or started afresh where that has none to give.
  # Functions of the owner's state.
  @moduledoc false

  require Logger

  alias Envmgr.Pool.{Child, Crash, Hello, Lane, Life, Pipe, Place, Reaper, Zygote}

  @doc "Asks the zygote, whose answer comes as a message `{:zygote, kind}`; that it has ended, as a monitor's."
  @spec ask(Pipe.state()) :: Pipe.state()
  def ask(%{asked: 0} = s) do
    if s.zygote, do: Process.monitor(s.zygote)
    again(%{s | began: System.monotonic_time()})
  end

  def ask(s), do: again(s)

  defp again(s) do
    if s.zygote, do: Zygote.fork(s.zygote), else: send(self(), {:zygote, :worker})
    %{s | asked: s.asked + 1}
  end

  @doc "Nothing was forked: what was made for it is taken back."
  @spec back(Pipe.state()) :: Pipe.state()
  def back(s) do
    Child.close(s.port)
    Lane.close(s.lane)
    Crash.hide(s.crash)
    %{s | port: nil, lane: nil, crash: nil, ending: nil, hung_up?: false}
  end

  @doc "Starts it, and says what it is to load."
  @spec open(Pipe.state(), Child.kind()) :: {:ok, Pipe.state()} | {:error, String.t()}
  def open(s, kind) do
    {_variable, mark} = variable = Reaper.mark(s.options.name)

    with {:ok, port, os_pid} <- Child.open(s.manifest, kind, variable) do
      Process.send_after(self(), {:start_timeout, port}, s.options.start_timeout)
      s = %{s | port: port, mark: mark, forked?: kind != :worker}
      s = s |> known(if(s.forked?, do: nil, else: os_pid)) |> Life.started()
      Logger.debug("envmgr: #{s.manifest.environment}: worker #{s.os_pid || "(forked)"} starts")
      {:ok, greet(s)}
    end
  end

  defp greet(s) do
    table = s.options.name
    lane = Lane.open(Place.path(table, "w"), lane_options(s))
    crash = Crash.open(Place.path(table, "c"))
    settings = Hello.settings(s.manifest, s.options, lane, Crash.path(crash), own(s))
    Child.write(s.port, settings)
    %{s | lane: lane, crash: crash}
  end

  # What is for this worker alone.
  defp own(%{sizing: %{profile: "call"}} = s), do: %{"mark" => s.mark, "refs" => false}
  defp own(%{threads: 1} = s), do: %{"mark" => s.mark}
  defp own(s), do: %{"mark" => s.mark, "threads" => s.threads}

  defp lane_options(s),
    do: [within: s.options.start_timeout, compressed?: s.manifest.compression == "zlib"]

  @doc "Its process is this one, when that is heard the first time."
  @spec known(Pipe.state(), pos_integer() | nil) :: Pipe.state()
  def known(%{os_pid: nil} = s, os_pid) when os_pid != nil do
    Reaper.watch(s.options.name, os_pid, s.mark)
    Life.known(%{s | os_pid: os_pid})
  end

  def known(s, _os_pid), do: s

  @doc "It has ended: its number means nothing any more."
  @spec over(Pipe.state()) :: Pipe.state()
  def over(s) do
    Reaper.ended(s.options.name, s.os_pid)
    %{s | os_pid: nil}
  end
end
