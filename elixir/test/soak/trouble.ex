defmodule Soak.Trouble do
  # What happens to all but `calm` while they are called: kills, and generations that come and go by the command line.
  @moduledoc false

  alias Soak.Book

  @killed ~w(storm shift threads)

  @doc "Makes trouble until the time is over; returns when the last command has ended."
  def make(name, project, command, until) do
    me = self()
    seeds = {:rand.uniform(1_000_000_000), :rand.uniform(1_000_000_000)}

    for {fun, seed} <- [
          {fn -> kills(name, until) end, elem(seeds, 0)},
          {fn -> switches(project, command, until) end, elem(seeds, 1)}
        ] do
      spawn_link(fn ->
        :rand.seed(:exsss, {seed, 0, 0})
        fun.()
        send(me, {:over, self()})
      end)
    end
    |> Enum.each(fn pid -> receive do: ({:over, ^pid} -> :ok) end)
  end

  @doc "Remembers the processes of zygotes, for there is nobody to ask."
  def attend do
    :ets.new(__MODULE__, [:named_table, :public])

    for event <- [:ready, :stop],
        do:
          Envmgr.Telemetry.attach(
            {__MODULE__, event},
            [:envmgr, :zygote, event],
            &__MODULE__.zygote/4,
            nil
          )
  end

  def zygote([_, _, :ready], _, %{environment: environment, os_pid: os_pid}, _),
    do: :ets.insert(__MODULE__, {os_pid, environment})

  def zygote([_, _, :stop], _, %{os_pid: os_pid}, _), do: :ets.delete(__MODULE__, os_pid)

  defp kills(name, until) do
    Process.sleep(500 + :rand.uniform(3_000))

    if now() < until do
      if :rand.uniform(8) == 1, do: kill_zygote(), else: kill_worker(name)
      kills(name, until)
    end
  end

  defp kill_worker(name) do
    environment = Enum.random(@killed)

    case Envmgr.stats(name)[environment] do
      %{workers: [_ | _] = workers} ->
        if :rand.uniform(5) == 1,
          do: strike(environment, :frozen, "STOP", Enum.random(workers).os_pid),
          else: strike(environment, :worker, "KILL", Enum.random(workers).os_pid)

      _none ->
        Book.count(environment, :kill, :nobody_there)
    end
  end

  defp kill_zygote do
    environment = Enum.random(["storm", "threads"])

    case :ets.match(__MODULE__, {:"$1", environment}) do
      [] -> Book.count(environment, :kill, :nobody_there)
      zygotes -> strike(environment, :zygote, "KILL", zygotes |> Enum.random() |> hd())
    end
  end

  # One that is stopped is thawed again, if nobody has ended it by then.
  defp strike(environment, what, signal, os_pid) do
    Book.count(environment, :kill, what)
    System.cmd("kill", ["-#{signal}", "#{os_pid}"], stderr_to_stdout: true)

    if signal == "STOP" do
      Process.sleep(300)
      System.cmd("kill", ["-CONT", "#{os_pid}"], stderr_to_stdout: true)
    end
  end

  defp switches(project, command, until) do
    Process.sleep(1_000 + :rand.uniform(6_000))

    if now() < until do
      switch(Enum.random([:upgrade, :rollback, :workers, :sync]), project, command)
      switches(project, command, until)
    end
  end

  defp switch(:upgrade, project, command),
    do: run(:upgrade, project, command, ["upgrade", "idna==#{Enum.random(["3.7", "3.10"])}"])

  defp switch(:rollback, project, command),
    do: run(:rollback, project, command, ["rollback", Enum.random(["shift", "storm", "threads"])])

  # The instance watches the file, and may be quicker.
  defp switch(:workers, project, command) do
    path = Path.join(project, "envmgr.toml")
    text = File.read!(path)
    {from, to} = if text =~ "workers = 4", do: {4, 3}, else: {3, 4}
    text = String.replace(text, "\nworkers = #{from}\n", "\nworkers = #{to}\n")
    File.write!(path <> ".new", text)
    File.rename!(path <> ".new", path)
    run(:workers, project, command, ["sync"])
  end

  defp switch(:sync, project, command), do: run(:sync, project, command, ["sync"])

  defp run(kind, project, [program | first], arguments) do
    arguments = first ++ arguments ++ ["--quiet", "--project", project]

    case System.cmd(program, arguments, stderr_to_stdout: true) do
      {_, 0} ->
        Book.count("", kind, :ok)

      {text, status} ->
        # The instance's own sync holds the lock, or there is no other generation to go back to.
        if text =~ "E-BUSY" or text =~ "has no generation before",
          do: Book.count("", kind, :busy),
          else: Book.wrong("#{Enum.join(arguments, " ")}: status #{status}: #{text}")
    end
  end

  @doc "As at the beginning, for the last look."
  def restore(project, text, [program | first]) do
    File.write!(Path.join(project, "envmgr.toml"), text)
    arguments = first ++ ["sync", "--quiet", "--project", project]
    {_, 0} = System.cmd(program, arguments, stderr_to_stdout: true)
  end

  defp now, do: System.monotonic_time(:millisecond)
end
