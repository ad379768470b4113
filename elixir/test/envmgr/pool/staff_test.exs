defmodule Envmgr.Pool.StaffTest do
  use ExUnit.Case, async: true

  import ExUnit.CaptureLog

  alias Envmgr.Libraries.Sizing
  alias Envmgr.Pool.{Circuit, Crew, Generation, Owner, Slot, Staff}

  @sizing %Sizing{min: 1, max: 1, queue: 100}
  @manifest %{environment: "e", generation: 3}

  # A server whose only worker is about to start, and what is made of its end.
  defp ended(reason) do
    table = :ets.new(:route, [:public])
    crew = %Crew{name: "default", sizing: @sizing, wanted: 1}
    crew = Crew.starting(crew, self(), Slot.new(), 0)

    active = %Generation{
      manifest: @manifest,
      crews: %{"default" => crew},
      epoch: 1,
      catalogs: %{}
    }

    server = %{options: %{name: table}, environment: "e", active: active, draining: %{}}
    Staff.without(server, crew, self(), reason).active.crews["default"]
  end

  defp owner do
    %Owner{
      server: self(),
      manifest: @manifest,
      slot: Slot.new(),
      options: %{name: :ets.new(:instance, [:public]), grace: 1},
      forked?: true,
      number: 1,
      os_pid: 4_000_000
    }
  end

  test "a worker that its zygote takes along before it is ready is replaced at once, and nobody who waits is refused" do
    owner = %{owner() | hung_up?: true, os_pid: nil}
    assert {:stop, reason, _} = Owner.handle_info({:ended, 1, {:with_zygote, 137}}, owner)
    crew = ended(reason)
    assert [{_at, :end}] = crew.circuit.faults
    assert {crew.problem, Crew.hopeless(crew, 0)} == {nil, nil}
    assert Circuit.wait(crew.circuit, System.monotonic_time(:millisecond)) == 0
    assert crew.circuit.problem.message =~ "ended with its zygote, which was ended by SIGKILL"

    # One that ends by itself has not started.
    log =
      capture_log(fn ->
        assert {:stop, reason, _} = Owner.handle_info({:ended, 1, 1}, owner)
        crew = ended(reason)
        assert [{_at, :start}] = crew.circuit.faults
        assert Crew.hopeless(crew, 0).message =~ "exited with status 1"
      end)

    assert log =~ "no worker"
  end

  test "a forked worker's broken pipe does not say how it ended: its zygote does" do
    port = make_ref()
    {:noreply, owner} = Owner.handle_info({:EXIT, port, :epipe}, %{owner() | port: port})
    assert owner.hung_up?
    assert {:noreply, ^owner} = Owner.handle_info({:EXIT, port, :normal}, owner)
    ended = %{owner | os_pid: nil, started?: false}
    assert {:stop, reason, _} = Owner.handle_info({:ended, 1, {:with_zygote, 137}}, ended)
    assert {:shutdown, {:lost, _}} = reason
  end

  test "what is heard of an earlier fork is not taken for this one" do
    owner = owner()

    for late <- [
          {:forked, 0, 4_000_001},
          {:unforked, 0},
          {:ended, 0, 1},
          {:unaccounted, 0}
        ],
        do: assert({:noreply, ^owner} = Owner.handle_info(late, owner))
  end
end
