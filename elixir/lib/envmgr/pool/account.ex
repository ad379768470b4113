defmodule Envmgr.Pool.Account do
  # How a worker's end is heard of: of one that is a child of ours from its port, of a forked one from its pipe and its zygote.
  # Functions of the owner's state, which answer as its `handle_info/2` does.
  @moduledoc false

  alias Envmgr.Pool.{Birth, Child, Crash, Ending, Pipe, Postmortem, Reaper, Slot}

  # How long after a forked worker's pipe its zygote may tell of its end, which is usually first; and after how long the system
  # is asked, again and again: the zygote may hang.
  @grace 2_000
  @look 100

  @type answer :: {:noreply, Pipe.state()} | {:stop, term(), Pipe.state()}

  @doc "How it ended. Of a forked worker two things are heard, in either order: its pipe ends, and its zygote says how it did."
  @spec ended(Pipe.state(), Postmortem.ending()) :: answer()
  def ended(%{hung_up?: true} = s, ending), do: finish(s, ending)
  def ended(s, ending), do: {:noreply, await(%{s | ending: ending})}

  @doc "A forked worker's pipe has ended. What it has started waits for nothing: who has no pipe is of no use, and its status stands."
  @spec hung_up(Pipe.state()) :: answer()
  def hung_up(%{ending: nil} = s) do
    Slot.close(s.slot)
    Reaper.ended(s.options.name, s.os_pid)
    {:noreply, await(%{s | hung_up?: true})}
  end

  def hung_up(s), do: finish(s, s.ending)

  defp await(s) do
    look_later(s.number, System.monotonic_time(:millisecond) + @grace)
    s
  end

  defp look_later(number, until),
    do: Process.send_after(self(), {:unaccounted, number, until}, @look)

  @doc "The one or the other is not heard. As long as its zygote says nothing, the worker's number is no other process's."
  @spec unaccounted(Pipe.state(), integer()) :: answer()
  def unaccounted(s, until) do
    found = s.ending || (s.os_pid && Child.ended(s.os_pid, s.parent)) || :unknown

    cond do
      s.ending == nil and is_integer(found) ->
        finish(s, found)

      System.monotonic_time(:millisecond) < until ->
        look_later(s.number, until)
        {:noreply, s}

      true ->
        finish(s, found)
    end
  end

  @doc "It has ended so."
  @spec finish(Pipe.state(), Postmortem.ending()) :: answer()
  def finish(s, ending) do
    found = Postmortem.of(ending, Crash.read(s.crash))
    s = Birth.over(%{s | ending: ending})
    Ending.finish(s, "the worker #{found.how}", found)
  end
end
