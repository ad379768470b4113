defmodule Envmgr.Pool.Leftovers do
  # What instances have left that were killed with all that should have seen to it: processes, directories and crash files. A
  # directory's name is the mark of its instance's processes.
  @moduledoc false

  alias Envmgr.Pool.{Place, Reaper, Strays}

  @ours ~r/^envmgr-(\d+)-[a-z2-7]+(?:\.crash)?$/

  @tries 100
  @pause 50

  @doc "Ends and deletes it. What belongs to an instance that lives, in whatever VM, is not touched."
  @spec sweep(atom()) :: :ok
  def sweep(table) do
    gone =
      for name <- names(),
          [_, pid] <- [Regex.run(@ours, name)],
          gone?(Path.join(Place.temporary(), name), pid),
          do: name

    # As long as the directory is there, another instance knows what is to be done when this one ends.
    if gone != [], do: until_ended(table, MapSet.new(gone), @tries)
    Enum.each(gone, &File.rm_rf(Path.join(Place.temporary(), &1)))
  end

  defp until_ended(_table, _marks, 0), do: :ok

  defp until_ended(table, marks, tries) do
    case Strays.find(marks) do
      [] ->
        :ok

      pids ->
        Reaper.strays(table, pids)
        Process.sleep(@pause)
        until_ended(table, marks, tries - 1)
    end
  end

  defp names do
    case File.ls(Place.temporary()) do
      {:ok, names} -> names
      {:error, _} -> []
    end
  end

  # One that cannot be asked is of a moment ago, or of a version that could not be.
  defp gone?(path, pid) do
    case Place.in_use?(path) do
      nil -> pid != System.pid() and not alive?(pid)
      used? -> not used?
    end
  end

  defp alive?(pid) do
    if File.dir?("/proc/self") do
      File.dir?("/proc/#{pid}")
    else
      {said, status} = System.cmd("kill", ["-0", pid], stderr_to_stdout: true)
      status == 0 or said =~ "ermitted"
    end
  rescue
    ErlangError -> true
  end
end
