defmodule Envmgr.Pool.Zygote do
  # A generation's zygote (docs/protocol.md, section 6): it has imported the libraries, and forks workers.
  #
  # An owner that is to have a worker asks by `fork/1`, and gets `{:zygote, kind}` with what it is to open (`Child.kind()`):
  # `:worker`, afresh, where there is no zygote now. Of a forked one, by its number, it hears `{:forked, number, os_pid,
  # parent}` or `{:unforked, number}`, and `{:ended, number, ending}`: a status, or why the zygote has taken the worker with it.
  #
  # One that ends is started again, later each time. One that forks nothing of what it is asked for, and says nothing,
  # is left alone until it does, and killed when it never does: its workers serve as long.
  # `retire/1` ends it with the last of the owners that have asked.
  @moduledoc false

  use GenServer, restart: :temporary, shutdown: 60_000
  require Logger

  alias Envmgr.Libraries.Manifest
  alias Envmgr.{Options, Telemetry}
  alias Envmgr.Pool.{Backoff, Child, Hello, Output, Place, Reaper}
  alias Envmgr.Values.{Decoder, Failure}
  alias Envmgr.Wire.Messages

  # One that has lived so long may be started again at once.
  @settled System.convert_time_unit(10, :second, :native)
  @socket "fork"
  # Heartbeats without a word while a fork is due.
  @patience 2

  defstruct [:manifest, :options, :port, :os_pid, :directory, :since, :heard, :failure] ++
              [
                phase: :none,
                retired?: false,
                refused?: false,
                told?: false,
                failures: 0,
                number: 0,
                waiting: [],
                users: %{},
                requests: %{},
                workers: %{}
              ]

  @doc "Starts one below this supervisor, for a manifest that lets its workers be forked; nil for another."
  @spec start(Supervisor.supervisor(), Manifest.t(), Options.t()) :: pid() | nil
  def start(_supervisor, %{fork: false}, _options), do: nil

  def start(supervisor, manifest, options) do
    {:ok, pid} = DynamicSupervisor.start_child(supervisor, {__MODULE__, {manifest, options}})
    pid
  end

  @spec start_link({Manifest.t(), Options.t()}) :: GenServer.on_start()
  def start_link(settings), do: GenServer.start_link(__MODULE__, settings)

  @doc "Asks for a worker, for the calling process."
  @spec fork(pid()) :: :ok
  def fork(zygote), do: GenServer.cast(zygote, {:fork, self()})

  @doc "No new owner will ask."
  @spec retire(pid() | nil) :: :ok
  def retire(nil), do: :ok
  def retire(zygote), do: GenServer.cast(zygote, :retire)

  @impl true
  def init({manifest, options}) do
    Process.flag(:trap_exit, true)
    Logger.metadata(environment: manifest.environment)
    {:ok, %__MODULE__{manifest: manifest, options: options}, {:continue, :open}}
  end

  @impl true
  def handle_continue(:open, s), do: {:noreply, open(s)}

  @impl true
  def handle_cast({:fork, owner}, s) do
    users = Map.put_new_lazy(s.users, owner, fn -> Process.monitor(owner) end)
    {:noreply, serve(%{s | users: users}, owner)}
  end

  def handle_cast(:retire, s), do: leave(%{s | retired?: true})

  defp serve(%{phase: :starting} = s, owner), do: %{s | waiting: [owner | s.waiting]}

  defp serve(%{phase: :ready} = s, owner) do
    number = s.number + 1
    send(owner, {:zygote, {:forked, Path.join(s.directory, @socket), number}})
    Process.send_after(self(), {:due, s.port, number}, @patience * s.options.heartbeat)
    # Who asks again has given up what was asked before.
    requests = s |> forget(owner) |> Map.put(number, owner)
    %{s | number: number, requests: requests}
  end

  defp serve(s, owner) do
    send(owner, {:zygote, :worker})
    s
  end

  defp forget(s, owner), do: Map.reject(s.requests, &match?({_number, ^owner}, &1))

  @impl true
  def handle_info({port, {:data, frame}}, %{port: port} = s) do
    s = if s.phase == :silent, do: %{s | phase: :ready}, else: s
    {:noreply, walk(frame, %{s | heard: System.monotonic_time(:millisecond)})}
  end

  def handle_info({port, {:exit_status, status}}, %{port: port} = s) do
    {:noreply, gone(s, "the zygote #{Child.ending(status)}", status)}
  end

  def handle_info({:EXIT, port, _reason}, %{port: port} = s),
    do: {:noreply, gone(s, "the zygote's pipe broke", 0)}

  def handle_info({:timeout, port}, %{port: port, phase: :starting} = s) do
    Child.kill(s.os_pid)
    {:noreply, %{s | failure: "the zygote was not ready within #{s.options.start_timeout} ms"}}
  end

  def handle_info({:due, port, number}, %{port: port, phase: :ready} = s)
      when is_map_key(s.requests, number) do
    patience = @patience * s.options.heartbeat

    case s.heard + patience - System.monotonic_time(:millisecond) do
      left when left > 0 ->
        Process.send_after(self(), {:due, port, number}, left)
        {:noreply, s}

      _silent ->
        {:noreply, silent(s, "the zygote did not answer within #{patience} ms")}
    end
  end

  def handle_info({:silent, port, heard}, %{port: port, phase: :silent, heard: heard} = s) do
    Child.kill(s.os_pid)
    {:noreply, %{s | failure: "the zygote was silent for #{s.options.start_timeout} ms"}}
  end

  def handle_info(:retry, %{phase: :none, retired?: false} = s), do: {:noreply, open(s)}

  def handle_info({:DOWN, _monitor, :process, owner, _reason}, s) do
    s = %{s | users: Map.delete(s.users, owner), waiting: List.delete(s.waiting, owner)}
    leave(%{s | requests: forget(s, owner)})
  end

  def handle_info(_late, s), do: {:noreply, s}

  # The owners end beside this process: their workers may still answer.
  @impl true
  def terminate(reason, s) do
    if reason == :shutdown, do: until_left(s.users)
    if s.port, do: Child.stop(s.port, s.os_pid)
    if s.directory, do: File.rm_rf(s.directory)
    if s.port, do: tell(:stop, s, %{reason: "the pool was shut down"})
  end

  defp until_left(users) when users == %{}, do: :ok

  defp until_left(users) do
    receive do
      {:DOWN, _monitor, :process, owner, _reason} -> until_left(Map.delete(users, owner))
    end
  end

  defp leave(%{retired?: true, users: none} = s) when none == %{}, do: {:stop, :normal, s}
  defp leave(s), do: {:noreply, s}

  defp open(s) do
    {_variable, mark} = variable = Reaper.mark(s.options.name)
    now = System.monotonic_time()

    with directory when directory != nil <- Place.directory(s.options.name, "z"),
         {:ok, port, os_pid} <- Child.open(s.manifest, :zygote, variable) do
      Reaper.watch(s.options.name, os_pid, mark)
      Process.send_after(self(), {:timeout, port}, s.options.start_timeout)
      more = %{"zygote" => directory}
      Child.write(port, Hello.settings(s.manifest, s.options, nil, nil, more))
      opened = %{port: port, os_pid: os_pid, directory: directory, since: now}
      Map.merge(%{s | phase: :starting, failure: nil}, opened)
    else
      nil -> failed(s, "there is no directory for it")
      {:error, why} -> failed(s, why)
    end
  end

  defp walk(<<>>, s), do: s

  defp walk(frame, s) do
    case Messages.next(frame) do
      {message, rest} -> walk(rest, event(message, s))
      :malformed -> broken(s)
    end
  end

  defp event({:hello, facts}, %{phase: :starting} = s) do
    case Hello.read(facts) do
      {:ok, %{fork: true}} ->
        tell(:ready, s)
        waiting = Enum.reverse(s.waiting)
        ready = %{s | phase: :ready, waiting: [], told?: false}
        Enum.reduce(waiting, ready, &serve(&2, &1))

      {:ok, %{fork: why}} when is_binary(why) ->
        %{s | failure: why, refused?: true}

      {:error, why, _hint} ->
        Child.kill(s.os_pid)
        %{s | failure: why}

      _other ->
        broken(s)
    end
  end

  # Why a library does not load is told by the workers, which meet the same.
  defp event({:error, 0, payload}, s) do
    with {:ok, %{} = failure} <- Decoder.decode(payload),
         do: %{s | failure: Exception.message(Failure.error(failure, []))},
         else: (_ -> s)
  end

  defp event({:forked, number, os_pid}, s) do
    {owner, requests} = Map.pop(s.requests, number)
    if owner, do: send(owner, {:forked, number, os_pid, s.os_pid})
    %{s | requests: requests, workers: Map.put(s.workers, os_pid, {owner, number})}
  end

  defp event({:unforked, number, _why}, s) do
    {owner, requests} = Map.pop(s.requests, number)
    if owner, do: send(owner, {:unforked, number})
    %{s | requests: requests}
  end

  defp event({:ended, os_pid, status}, s) do
    {{owner, number}, workers} = Map.pop(s.workers, os_pid, {nil, nil})
    if owner, do: send(owner, {:ended, number, Child.status(status)})
    %{s | workers: workers}
  end

  defp event({:log, 0, stream, text}, s), do: said(s, {stream, text, nil, nil})
  defp event({:log, 0, stream, text, name, level}, s), do: said(s, {stream, text, name, level})
  defp event(_unexpected, s), do: broken(s)

  defp said(s, what) do
    Output.deliver(what, nil, environment: s.manifest.environment)
    s
  end

  defp silent(s, why) do
    for {number, owner} <- s.requests, do: send(owner, {:unforked, number})
    Process.send_after(self(), {:silent, s.port, s.heard}, s.options.start_timeout)

    Logger.warning(
      "envmgr: #{s.manifest.environment}: #{why}: workers start afresh until it does"
    )

    %{s | phase: :silent, requests: %{}}
  end

  defp broken(s) do
    Child.kill(s.os_pid)
    %{s | failure: "the zygote broke the protocol"}
  end

  # Its workers end with it: the kernel has seen to that.
  defp gone(s, how, status) do
    Reaper.ended(s.options.name, s.os_pid)
    File.rm_rf(s.directory)
    ending = {:with_zygote, status}
    for {_, {owner, number}} <- s.workers, owner, do: send(owner, {:ended, number, ending})
    for {number, owner} <- s.requests, do: send(owner, {:unforked, number})
    tell(:stop, s, %{reason: s.failure || how})
    settled? = s.phase in [:ready, :silent] and System.monotonic_time() - s.since > @settled
    s = %{s | port: nil, os_pid: nil, directory: nil, requests: %{}, workers: %{}}

    why = s.failure || how

    cond do
      s.retired? -> %{s | phase: :none}
      settled? -> open(log(%{s | failures: 0}, why))
      s.phase == :ready and s.failures == 0 -> open(log(%{s | failures: 1}, why))
      true -> failed(s, why)
    end
  end

  defp failed(s, why) do
    s = log(s, why)
    for owner <- s.waiting, do: send(owner, {:zygote, :worker})
    failures = s.failures + 1
    unless s.refused?, do: Process.send_after(self(), :retry, Backoff.delay(failures))
    %{s | phase: :none, failures: failures, waiting: [], told?: true}
  end

  defp log(%{told?: true} = s, why) do
    Logger.debug(fn -> "envmgr: #{s.manifest.environment}: no zygote: #{why}" end)
    s
  end

  defp log(%{refused?: true} = s, why) do
    Logger.info("envmgr: #{s.manifest.environment}: workers start afresh: #{why}")
    s
  end

  defp log(%{phase: phase} = s, why) when phase in [:ready, :silent] do
    Logger.warning("envmgr: #{s.manifest.environment}: #{why}, and its workers with it")
    s
  end

  defp log(s, why) do
    Logger.warning(
      "envmgr: #{s.manifest.environment}: workers start afresh, as long as there is no zygote: #{why}"
    )

    s
  end

  defp tell(event, s, more \\ %{}) do
    about = %{
      instance: s.options.name,
      environment: s.manifest.environment,
      generation: s.manifest.generation,
      os_pid: s.os_pid
    }

    duration = System.monotonic_time() - s.since
    Telemetry.execute([:zygote, event], %{duration: duration}, Map.merge(about, more))
  end
end
