# One VM of tests/faults/kills.py: for each line that it reads it makes every kind of worker busy, and says who is there.
[project] = System.argv()
Logger.configure(level: :error)
Logger.configure_backend(:console, device: :standard_error)
{:ok, _} = Application.ensure_all_started(:envmgr)
{:ok, _} = Envmgr.start_link(name: Kills, project: project, watch: false)

defmodule Scene do
  # A worker with children, which can do nothing for them: C code holds its GIL.
  def stuck(kind) do
    parent = self()

    spawn_link(fn ->
      [near, far] = children(kind)
      {:ok, pid} = Envmgr.attr(near, "pid")
      {:ok, other} = Envmgr.attr(far, "pid")
      endless = ["(a+)+$", String.duplicate("a", 60) <> "b"]
      task = Envmgr.async("#{kind}_text.match", endless, name: Kills, timeout: :infinity)
      send(parent, {:stuck, kind, [pid, other]})
      Envmgr.await(task, :infinity)
      Process.sleep(:infinity)
    end)

    receive do: ({:stuck, ^kind, pids} -> pids)
  end

  # A worker that was killed may not have its successor yet, and the others be stuck.
  def answered(kind, tries \\ 20) do
    case Envmgr.execute("#{kind}_text.escape", ["a"], name: Kills, timeout: 1_000) do
      {:ok, "a"} -> :ok
      {:error, _} when tries > 1 -> answered(kind, tries - 1)
      {:error, error} -> raise error
    end
  end

  def idle(kind), do: for(child <- children(kind), do: elem(Envmgr.attr(child, "pid"), 1))

  # The first ref brings the second call into the same worker.
  defp children(kind) do
    for session <- [false, true] do
      args = {[["sleep", "600"]], %{"start_new_session" => session}}
      Envmgr.execute!("#{kind}_proc.Popen", args, name: Kills, as: :ref, timeout: 20_000)
    end
  end
end

for line <- IO.stream(:stdio, :line), String.trim(line) == "go" do
  began = System.monotonic_time(:millisecond)
  for kind <- ~w(forked afresh), do: Scene.answered(kind)
  ready = System.monotonic_time(:millisecond) - began
  # What was stuck before is gone with its worker; others take its place.
  children = for kind <- ~w(forked afresh), do: Scene.idle(kind) ++ Scene.stuck(kind)
  Process.sleep(50)
  IO.puts(Enum.join([Envmgr.Pool.Place.mark(Kills), ready | List.flatten(children)], " "))
end
