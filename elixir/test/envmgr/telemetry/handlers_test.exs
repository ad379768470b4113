defmodule Envmgr.Telemetry.HandlersTest do
  use ExUnit.Case, async: false

  import ExUnit.CaptureLog

  alias Envmgr.Telemetry
  alias Envmgr.Telemetry.Handlers

  setup do
    id = make_ref()
    on_exit(fn -> Telemetry.detach(id) end)
    %{id: id}
  end

  def tell(event, measurements, metadata, test),
    do: send(test, {event, measurements, metadata})

  test "a handler hears its events, each once, and no others", %{id: id} do
    refute Telemetry.listened?([:session, :open])
    events = [[:envmgr, :generation, :switch], [:envmgr, :stream, :chunk]]
    assert :ok = Telemetry.attach(id, events ++ events, &__MODULE__.tell/4, self())
    assert Telemetry.listened?([:generation, :switch])
    refute Telemetry.listened?([:generation, :refused])
    assert Telemetry.listened?([:generation])
    refute Telemetry.listened?([:call])

    Telemetry.execute([:generation, :switch], %{from: 1}, %{to: 2})
    Telemetry.execute([:generation, :refused], %{}, %{})
    Telemetry.execute([:stream, :chunk], %{items: 3}, %{})
    assert_received {[:envmgr, :generation, :switch], %{from: 1}, %{to: 2}}
    assert_received {[:envmgr, :stream, :chunk], %{items: 3}, %{}}
    refute_received _

    assert [%{events: ^events, config: test}] = for(h <- Telemetry.list(), h.id == id, do: h)
    assert test == self()
    assert :ok = Telemetry.detach(id)
    refute Telemetry.listened?([:generation, :switch])
    Telemetry.execute([:generation, :switch], %{}, %{})
    refute_received _
  end

  test "two handlers of one event; an id is taken once", %{id: id} do
    other = make_ref()
    assert :ok = Telemetry.attach(id, [:envmgr, :stream, :chunk], &__MODULE__.tell/4, self())
    assert :ok = Telemetry.attach(other, [[:envmgr, :stream, :chunk]], &__MODULE__.tell/4, self())

    assert {:error, :already_exists} =
             Telemetry.attach(id, [:envmgr, :stream, :stop], &__MODULE__.tell/4, self())

    Telemetry.execute([:stream, :chunk], %{}, %{})
    assert_received {[:envmgr, :stream, :chunk], _, _}
    assert_received {[:envmgr, :stream, :chunk], _, _}
    refute_received _
    assert :ok = Telemetry.detach(other)
    assert {:error, :not_found} = Telemetry.detach(other)
    assert Telemetry.listened?([:stream, :chunk])
  end

  test "one that fails goes, and is logged once; what tells and the others go on", %{
    id: id
  } do
    other = make_ref()
    test = self()
    event = [:envmgr, :stream, :chunk]

    fail = fn _event, _measurements, _metadata, _config ->
      send(test, :asked)
      raise "no room"
    end

    log =
      capture_log(fn ->
        :ok = Telemetry.attach(id, event, fail, nil)
        :ok = Telemetry.attach(other, event, &__MODULE__.tell/4, self())
        for _ <- 1..3, do: assert(:ok = Telemetry.execute([:stream, :chunk], %{}, %{}))
        assert other in ids()
        refute id in ids()
        Telemetry.execute([:stream, :chunk], %{}, %{})
      end)

    assert [_before, after_] = String.split(log, "and is detached: ")
    assert after_ =~ "no room"
    for _ <- 1..4, do: assert_received({^event, _, _})
    Telemetry.detach(other)
  end

  test "a handler that took the place of a failed one stays", %{id: id} do
    event = [:envmgr, :stream, :chunk]
    :ok = Telemetry.attach(id, event, &__MODULE__.tell/4, self())
    GenServer.cast(Handlers, {:failed, id, make_ref(), event, "late"})
    assert id in ids()
  end

  test "an event that is not in the table is refused, with the near name", %{id: id} do
    for wrong <- [
          [:envmgr, :call, :stopp],
          [:envmgr, :call],
          [[:envmgr, :call, :stop], [:call, :stop]]
        ] do
      assert_raise ArgumentError, ~r/there is no event/, fn ->
        Telemetry.attach(id, wrong, &__MODULE__.tell/4, nil)
      end
    end

    assert_raise ArgumentError, ~r/did you mean \[:envmgr, :call, :stop\]\?/, fn ->
      Telemetry.attach(id, [:envmgr, :call, :stopp], &__MODULE__.tell/4, nil)
    end

    refute id in ids()
  end

  # Asked of the process, after what it was told before.
  defp ids do
    :sys.get_state(Handlers)
    for handler <- Telemetry.list(), do: handler.id
  end
end
