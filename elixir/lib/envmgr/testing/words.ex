defmodule Envmgr.Testing.Words do
  # What is said of calls that are not as they were scripted.
  @moduledoc false

  alias Envmgr.Near

  @spec unexpected(String.t(), String.t(), pid(), [map()]) :: String.t()
  def unexpected(call, path, caller, scripts) do
    spent = Enum.filter(scripts, &(&1.path == path))
    known = scripts |> Enum.map(& &1.path) |> Enum.uniq()

    why =
      case spent do
        [] -> "nobody scripted it"
        [_ | _] -> "it was #{Enum.map_join(spent, ", ", &count/1)}"
      end

    near = if spent == [], do: Near.hint(path, known)

    there =
      if scripts == [], do: ["no scripts"], else: Enum.map(scripts, &"#{&1.path}, #{count(&1)}")

    "#{call} was called by #{inspect(caller)}, and #{why}" <>
      if(near, do: "; #{near}", else: "") <>
      "\n  this test has " <> Enum.join(there, "\n                ")
  end

  @spec missing(map()) :: String.t()
  def missing(script), do: "#{script.path} was #{count(script)}"

  defp count(%{times: nil}), do: "stubbed for any number of calls"

  defp count(%{times: times, left: left}),
    do: "expected #{calls(times)} and called #{times(times - left)}"

  defp calls(0), do: "not to be called"
  defp calls(n), do: "to be called #{times(n)}"

  defp times(1), do: "once"
  defp times(2), do: "twice"
  defp times(n), do: "#{n} times"
end
