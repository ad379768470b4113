defmodule Envmgr.Reload.Server do
  # Sees that envmgr.toml or a lock changed, and has the command line build and activate it. The pools follow what is
  # active by themselves: they never wait for this process, nor it for them.
  #
  # One run of the command at a time. What changes during a run, also by the run itself (it writes locks), causes one
  # more, which has nothing to do when nothing else happened.
  @moduledoc false

  use GenServer
  require Logger

  alias Envmgr.{Command, Commands, Error, Options}
  alias Envmgr.Libraries.{State, Unknown}
  alias Envmgr.Reload.{Print, Status}

  # An editor writes in several steps: a change counts when two looks find the same.
  @interval 250
  # Another envmgr is at work. The command itself waits a while for its turn.
  @turn 1_000
  @network 30_000

  defstruct [:options, :print, :pending, :run, :retry, :told, waiting: []]

  @spec start_link(Options.t()) :: GenServer.on_start()
  def start_link(options), do: GenServer.start_link(__MODULE__, options)

  @doc """
  Syncs now, after a run that is under way, and waits for the end. What the command answered for each environment.
  """
  @spec sync(atom()) :: {:ok, [map()]} | {:error, Error.t()}
  def sync(name) do
    case :ets.lookup(name, :reload) do
      [{:reload, server}] -> GenServer.call(server, :sync, :infinity)
      [] -> {:error, Unknown.not_installed(name)}
    end
  end

  @impl true
  def init(%Options{project: nil}), do: :ignore

  def init(options) do
    :ets.insert(options.name, {:reload, self()})
    s = %__MODULE__{options: options, print: Print.take(options.project)}
    Status.publish(options.name, options.watch, :unknown)
    {:ok, if(options.watch, do: compare(look_later(s)), else: s)}
  end

  @impl true
  def handle_call(:sync, from, s), do: {:noreply, proceed(%{s | waiting: [from | s.waiting]})}

  @impl true
  def handle_info(:look, s), do: {:noreply, s |> look_later() |> look()}
  def handle_info(:retry, s), do: {:noreply, sync_now(%{s | retry: nil})}

  def handle_info({port, {:data, output}}, %{run: %{port: port} = run} = s) do
    {:noreply, %{s | run: %{run | output: [run.output, output]}}}
  end

  def handle_info({port, {:exit_status, status}}, %{run: %{port: port} = run} = s) do
    answer = run.output |> IO.iodata_to_binary() |> Command.Answer.parse(status)
    {:noreply, s |> Map.put(:run, nil) |> ended(run, answer) |> proceed()}
  end

  def handle_info(_late, s), do: {:noreply, s}

  defp look_later(s) do
    Process.send_after(self(), :look, @interval)
    s
  end

  defp look(%{run: nil} = s) do
    print = Print.take(s.options.project, s.pending || s.print)

    cond do
      Print.same?(print, s.print) -> %{s | print: print, pending: nil}
      s.pending && Print.same?(print, s.pending) -> changed(%{s | pending: nil})
      true -> %{s | pending: print}
    end
  end

  defp look(s), do: s

  defp changed(s) do
    Logger.info("envmgr: envmgr.toml or a lock changed in #{s.options.project}")
    sync_now(s)
  end

  # At the start: only told, never built. A release may have neither envmgr.toml nor the command.
  defp compare(s) do
    command = toml(s) && Command.Tool.find(s.options.project)
    if command, do: run(s, command, "status"), else: s
  end

  defp proceed(%{run: nil, waiting: [_ | _]} = s), do: sync_now(s)
  defp proceed(s), do: s

  defp sync_now(%{run: nil} = s) do
    s = cancel_retry(s)
    Status.publish(s.options.name, s.options.watch, :syncing)
    # Taken before the command reads: what changes from now on is seen as a change.
    s = %{s | print: Print.take(s.options.project, s.print), pending: nil}
    run(s, Command.Tool.find(s.options.project), "sync")
  end

  defp sync_now(s), do: s

  defp run(s, command, word, purpose \\ nil) do
    arguments = ["--project", s.options.project, "--format", "json"]
    # Who asks while the command runs may have changed a file that it has read already.
    callers = if word == "sync", do: s.waiting, else: []
    # Nobody asked: what an operator has rolled back meanwhile stays so.
    options = if word == "sync" and callers == [], do: ["--keep-rollbacks"], else: []
    s = %{s | waiting: s.waiting -- callers}
    run = %{port: nil, output: [], word: word, purpose: purpose, callers: callers}

    case command && Command.Background.start(command ++ [word | arguments] ++ options) do
      {:ok, port} -> %{s | run: %{run | port: port}}
      {:error, why} -> ended(s, run, {:error, no_command(why)})
      nil -> ended(s, run, {:error, no_command("is not installed")})
    end
  end

  defp ended(s, %{purpose: :absent}, {:ok, environments}), do: absent(s, environments)
  defp ended(s, %{purpose: :absent}, {:error, _told_before}), do: s

  defp ended(s, %{word: "status"}, {:ok, environments}) do
    s = absent(s, environments)

    case for(%{"state" => state} = found when state != "ready" <- environments, do: found) do
      [] ->
        publish(s, :current)

      outdated ->
        Logger.warning(
          "envmgr: what is active is not what envmgr.toml says: " <>
            Enum.map_join(outdated, "; ", &"#{&1["environment"]}: #{&1["detail"]}") <>
            "; Envmgr.reload() or #{Commands.install()} brings it into force"
        )

        publish(s, :outdated)
    end
  end

  defp ended(s, %{word: "status"}, {:error, error}) do
    tell(s, "envmgr.toml cannot be compared with what is active, which serves", error)
  end

  defp ended(s, run, {:ok, outcomes}) do
    answer(run, {:ok, outcomes})

    case for(%{"action" => action} = found when action != "unchanged" <- outcomes, do: found) do
      [] -> :ok
      done -> Logger.info("envmgr: " <> Enum.map_join(done, "; ", &did/1))
    end

    State.absent(s.options.name, :configuration, [])
    kept = Enum.any?(outcomes, &(&1["action"] == "kept"))
    publish(%{s | told: nil}, if(kept, do: :outdated, else: :current))
  end

  defp ended(s, run, {:error, error}) do
    answer(run, {:error, error})

    case {error.details["code"], run.callers} do
      {"E-BUSY", []} -> retry(s, @turn)
      {"E-NETWORK", []} -> s |> retry(@network) |> refused(error)
      {_code, []} -> s |> refused(error) |> look_around()
      {_code, _told} -> s |> publish(:failed, error) |> look_around()
    end
  end

  # What is configured and was not built is told as failed, with what to do.
  defp look_around(s) do
    command = toml(s) && Command.Tool.find(s.options.project)
    if command, do: run(s, command, "status", :absent), else: s
  end

  # Of those that are active the pools tell.
  defp absent(s, environments) do
    libraries =
      for %{"state" => state, "environment" => environment} = found when state != "ready" <-
            environments,
          %{"name" => library} <- found["libraries"] || [],
          do: {library, environment, not_built(library, found)}

    State.absent(s.options.name, :configuration, libraries)
    s
  end

  defp not_built(library, found) do
    Error.classified(%Error{
      code: :not_installed,
      library: library,
      environment: found["environment"],
      message:
        "the environment #{found["environment"]} is not active: #{Commands.spoken(found["detail"])}",
      hint: "Envmgr.reload() or #{Commands.install()} builds it"
    })
  end

  defp refused(s, error) do
    tell(s, "envmgr.toml is not in force; what could not be changed serves as before", error)
  end

  # Once for each broken content, however often it is tried: messages may name paths that differ each time.
  defp tell(s, what, error) do
    told = {toml(s), error.details["code"]}
    if told != s.told, do: Logger.error("envmgr: #{what}: #{Exception.message(error)}")
    publish(%{s | told: told}, :failed, error)
  end

  defp toml(s) do
    with {_stat, digest} <- s.print[Path.join(s.options.project, "envmgr.toml")], do: digest
  end

  defp publish(s, state, error \\ nil) do
    Status.publish(s.options.name, s.options.watch, state, error)
    s
  end

  defp answer(run, answer), do: for(from <- run.callers, do: GenServer.reply(from, answer))

  defp retry(s, ms), do: %{s | retry: Process.send_after(self(), :retry, ms)}

  defp cancel_retry(%{retry: nil} = s), do: s

  defp cancel_retry(s) do
    Process.cancel_timer(s.retry)
    %{s | retry: nil}
  end

  defp did(%{"environment" => environment, "action" => "removed"}), do: "#{environment} removed"

  defp did(%{"environment" => environment, "action" => "kept", "generation" => generation}),
    do:
      "#{environment} was rolled back and stays at generation #{generation}; " <>
        "Envmgr.reload() or #{Commands.install()} brings envmgr.toml into force"

  defp did(%{"environment" => environment, "action" => action, "generation" => generation}),
    do: "#{environment} #{action}, generation #{generation}"

  defp no_command(why) do
    %Error{
      code: :sync,
      message: "the command envmgr #{why}",
      hint: Commands.command(),
      details: %{"code" => nil}
    }
  end
end
