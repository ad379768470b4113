defmodule Envmgr.Test.Heard do
  # Events of one instance, as messages to the test, each held to the table.
  @moduledoc false

  import ExUnit.Assertions

  alias Envmgr.Telemetry
  alias Envmgr.Telemetry.Events

  @doc "Has all events of the instance sent to the test, as `{:heard, name, measurements, metadata}`."
  def listen(instance) do
    id = make_ref()
    :ok = Telemetry.attach(id, Telemetry.events(), &__MODULE__.tell/4, {self(), instance})
    ExUnit.Callbacks.on_exit(fn -> Telemetry.detach(id) end)
  end

  @doc false
  def tell([:envmgr | name], measurements, metadata, {test, instance}) do
    if metadata.instance == instance, do: send(test, {:heard, name, measurements, metadata})
  end

  @doc "The next event of this name, as the table has it: `{measurements, metadata}`."
  def heard(name, ms \\ 60_000) do
    assert_receive {:heard, ^name, measurements, metadata}, ms
    {_, _, measured, about} = List.keyfind(Events.table(), name, 0)
    assert keys(measurements) == Enum.sort(measured)
    assert keys(metadata) == Enum.sort([:instance | about])
    {measurements, metadata}
  end

  defp keys(map), do: map |> Map.keys() |> Enum.sort()
end
