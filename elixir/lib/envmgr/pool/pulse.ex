defmodule Envmgr.Pool.Pulse do
  # Whether workers live and answer: each is asked through its owner for a report, all at the same time, until one deadline. One that
  # runs a call answers after it.
  @moduledoc false

  alias Envmgr.Pool.{Slot, Stats}

  @typedoc "`busy?`: it has calls. `answers?`: within the deadline; one that does not and has no call is as good as dead."
  @type t :: %{os_pid: pos_integer(), alive?: boolean(), answers?: boolean(), busy?: boolean()}

  @doc "Those of each environment. Takes at most `timeout` ms."
  @spec take(atom(), [String.t()], non_neg_integer()) :: %{String.t() => [t()]}
  def take(table, environments, timeout) do
    until = now() + timeout

    asked =
      for environment <- environments, {pid, slot, os_pid} <- Stats.workers(table, environment) do
        reply = :erlang.monitor(:process, pid, alias: :reply_demonitor)
        send(pid, {:report, reply})
        {environment, slot, os_pid, reply}
      end

    found =
      for {environment, slot, os_pid, reply} <- asked,
          do: {environment, one(reply, slot, os_pid, until)}

    by = Enum.group_by(found, &elem(&1, 0), &elem(&1, 1))
    Map.new(environments, &{&1, Enum.sort_by(by[&1] || [], fn worker -> worker.os_pid end)})
  end

  defp one(reply, slot, os_pid, until) do
    {alive?, answers?} =
      receive do
        {^reply, _report} -> {true, true}
        {:DOWN, ^reply, _, _, _} -> {false, false}
      after
        max(until - now(), 0) -> late(reply)
      end

    %{os_pid: os_pid, alive?: alive?, answers?: answers?, busy?: Slot.counts(slot).in_flight > 0}
  end

  defp late(reply) do
    :erlang.demonitor(reply, [:flush])

    receive do
      {^reply, _report} -> {true, true}
    after
      0 -> {true, false}
    end
  end

  defp now, do: System.monotonic_time(:millisecond)
end
