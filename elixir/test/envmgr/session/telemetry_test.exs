defmodule Envmgr.Session.TelemetryTest do
  use ExUnit.Case, async: true

  alias Envmgr.{Session, Telemetry}
  alias Envmgr.Test.Project

  def tell(
        [:envmgr, :session, event],
        measurements,
        %{instance: instance} = metadata,
        {test, instance}
      ),
      do: send(test, {event, measurements, metadata})

  def tell(_event, _measurements, _metadata, _other), do: :ok

  test "each event of a session is told" do
    {name, _project} =
      Project.start(workers: 1, libraries: %{"shared" => Project.library("shared")})

    events = for event <- [:open, :restored, :expired, :close], do: [:envmgr, :session, event]
    id = make_ref()
    :ok = Telemetry.attach(id, events, &__MODULE__.tell/4, {self(), name})
    on_exit(fn -> Telemetry.detach(id) end)

    session = Session.open!(name: name, id: "told", affinity: :prefer)
    owner = self()

    assert_receive {:open, %{system_time: _},
                    %{session: "told", owner: ^owner, affinity: :prefer}}

    :ok = Session.put(session, "x", 1)
    assert {:ok, nil} = Envmgr.execute("shared.model", ["m", 1], session: session)
    assert {:error, _lost} = Envmgr.execute("shared.put_and_die", ["y", 2], session: session)
    assert {:ok, 1} = Envmgr.execute("shared.read", ["x"], session: session)

    assert_receive {:restored, %{variables: 2, lost: 1},
                    %{session: "told", environment: "std", reason: reason}}

    assert reason =~ "SIGKILL"
    :ok = Session.close(session)

    assert_receive {:close, %{duration: duration, calls: 3, errors: 1},
                    %{session: "told", reason: :closed}}

    assert duration > 0

    Session.open!(name: name, id: "resting", idle: 1)
    assert_receive {:expired, %{duration: _}, %{session: "resting", reason: :idle}}
    assert_receive {:close, %{calls: 0}, %{session: "resting", reason: :idle}}
    {pid, monitor} = spawn_monitor(fn -> Session.open!(name: name, id: "owned") end)
    assert_receive {:DOWN, ^monitor, _, ^pid, _}
    assert_receive {:close, _measurements, %{session: "owned", reason: :owner}}
  end
end
