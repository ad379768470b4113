defmodule Envmgr.Calls.Breaker do
  # The state of one circuit: numbers that callers change without asking a process.
  #
  # `until` says all: 0 for closed; a time that is to come: open; one that has passed: whoever moves it lets one call through. After
  # "Circuit Breaker" in M. Nygard, "Release It!", 2007.
  @moduledoc false

  @until 1
  @count 2
  @ring 2

  @typedoc "As many failures within `within` ms open it for `open` ms."
  @type settings :: %{failures: pos_integer(), within: pos_integer(), open: pos_integer()}
  @type t :: :atomics.atomics_ref()

  @spec new(settings()) :: t()
  def new(settings), do: :atomics.new(@ring + settings.failures, signed: true)

  @doc """
  Whether a call may go: `:closed`; `{:probe, lease}`, it is the one that finds out, and nobody else is let through for `lease` ms unless it says
  what came of it; or `{:open, ms}`, how long it is open yet.
  """
  @spec ask(t(), integer(), pos_integer()) ::
          :closed | {:probe, integer()} | {:open, pos_integer()}
  def ask(circuit, now, lease) do
    case :atomics.get(circuit, @until) do
      0 -> :closed
      until when until > now -> {:open, until - now}
      until -> probe(circuit, until, now, lease)
    end
  end

  defp probe(circuit, until, now, lease) do
    case :atomics.compare_exchange(circuit, @until, until, now + lease) do
      :ok -> {:probe, now + lease}
      _other -> ask(circuit, now, lease)
    end
  end

  @doc "A failure of a closed circuit: whether it opens with it, which is told to one caller."
  @spec failed(t(), settings(), integer()) :: :closed | :opened
  def failed(circuit, settings, now) do
    # The last failures, in a ring: the one that this one displaces next is the oldest that counts.
    number = :atomics.add_get(circuit, @count, 1)
    :atomics.put(circuit, place(number, settings), now)
    oldest = :atomics.get(circuit, place(number + 1, settings))

    if oldest != 0 and now - oldest <= settings.within and
         :atomics.compare_exchange(circuit, @until, 0, now + settings.open) == :ok,
       do: :opened,
       else: :closed
  end

  defp place(number, settings), do: @ring + 1 + rem(number, settings.failures)

  @doc "What came of the call that was let through, unless its lease is over and it is another's now."
  @spec probed(t(), settings(), integer(), :sound | :failed | :unknown, integer()) ::
          :closed | :opened | :half_open
  def probed(circuit, settings, lease, verdict, now) do
    case verdict do
      :sound ->
        for place <- 1..settings.failures, do: :atomics.put(circuit, @ring + place, 0)
        moved(circuit, lease, 0, :closed)

      :failed ->
        moved(circuit, lease, now + settings.open, :opened)

      # It never came to the library: the next call finds out.
      :unknown ->
        moved(circuit, lease, now, :half_open)
    end
  end

  defp moved(circuit, lease, until, state) do
    if :atomics.compare_exchange(circuit, @until, lease, until) == :ok,
      do: state,
      else: :half_open
  end

  @doc "For people: the state, the failures that count, and for how many ms it is open yet."
  @spec read(t(), settings(), integer()) :: map()
  def read(circuit, settings, now) do
    until = :atomics.get(circuit, @until)

    counted =
      for place <- 1..settings.failures,
          at = :atomics.get(circuit, @ring + place),
          at != 0 and now - at <= settings.within,
          do: at

    state =
      cond do
        until == 0 -> :closed
        until > now -> :open
        true -> :half_open
      end

    %{state: state, failures: length(counted), retry_after: max(until - now, 0)}
  end
end
