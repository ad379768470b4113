defmodule Envmgr.Telemetry.ForwardTest do
  # A host with a `:telemetry`: events reach what is attached there and what is attached here.
  use ExUnit.Case, async: false

  alias Envmgr.Telemetry
  alias Envmgr.Telemetry.{Forward, Handlers}

  @event [:envmgr, :generation, :switch]

  setup_all do
    assert Forward.decide() == :none
    [{:telemetry, _}] = Code.compile_file("test/support/hosts/telemetry.exs")

    on_exit(fn ->
      :code.purge(:telemetry)
      :code.delete(:telemetry)
      again()
    end)
  end

  setup do
    id = make_ref()
    on_exit(fn -> Telemetry.detach(id) end)
    %{id: id}
  end

  def tell(event, measurements, metadata, {test, from}),
    do: send(test, {from, event, measurements, metadata})

  test "both hear an event once; nobody is told what nobody listens to", %{id: id} do
    apply(:telemetry, :open, [])
    assert Forward.decide() == :seen
    again()
    refute Telemetry.listened?([:generation, :switch])

    :ok = apply(:telemetry, :attach, [id, @event, &__MODULE__.tell/4, {self(), :there}])
    assert Telemetry.listened?([:generation, :switch])
    refute Telemetry.listened?([:generation, :refused])
    assert Telemetry.listened?([:generation])
    refute Telemetry.listened?([:call])
    :ok = Telemetry.attach(id, @event, &__MODULE__.tell/4, {self(), :here})

    Telemetry.execute([:generation, :switch], %{from: 1}, %{to: 2})
    assert_received {:there, @event, %{from: 1}, %{to: 2}}
    assert_received {:here, @event, %{from: 1}, %{to: 2}}
    refute_received _

    :ok = apply(:telemetry, :detach, [id])
    assert Telemetry.listened?([:generation, :switch])
    :ok = Telemetry.detach(id)
    refute Telemetry.listened?([:generation, :switch])
  end

  test "where handlers are kept elsewhere, all is forwarded" do
    assert Forward.decide() == :all
    again()
    assert Telemetry.listened?([:generation, :switch])
    assert Forward.heard?([:generation, :switch])
    # This one does not run at all.
    assert :ok = Telemetry.execute([:generation, :switch], %{}, %{})
  end

  # What is decided when the application starts.
  defp again do
    :ok = Supervisor.terminate_child(Envmgr.Supervisor, Handlers)
    {:ok, _pid} = Supervisor.restart_child(Envmgr.Supervisor, Handlers)
  end
end
