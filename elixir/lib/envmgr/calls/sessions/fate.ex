defmodule Envmgr.Calls.Sessions.Fate do
  # How a session ended, and what its next use says of that.
  @moduledoc false

  @type t ::
          :closed
          | {:expired, :idle | :ttl, ms :: pos_integer()}
          | {:owner, pid()}
          | {:crashed, String.t()}

  @doc "What a session's process ended with."
  @spec of(term()) :: t()
  def of({:shutdown, {:session, fate}}), do: fate
  def of(reason), do: {:crashed, Exception.format_exit(reason)}

  @doc "Fields of an error."
  @spec fields(t() | :unknown, String.t()) :: keyword()
  def fields({:expired, :idle, ms}, id) do
    [
      code: :session_expired,
      message: "the session #{id} has expired: nothing was done with it for #{ms} ms",
      hint: "open another; the option idle says how long a session may rest"
    ]
  end

  def fields({:expired, :ttl, ms}, id) do
    [
      code: :session_expired,
      message: "the session #{id} has expired: it lived for #{ms} ms, as long as it may",
      hint: "open another; the option ttl says how long a session may live"
    ]
  end

  def fields({:owner, pid}, id) do
    closed(
      id,
      "was closed when the process that owned it, #{inspect(pid)}, ended",
      "hand it on with Envmgr.Session.give_away/2, or open it with owner: nil and idle or ttl"
    )
  end

  def fields({:crashed, why}, id), do: closed(id, "has crashed: #{why}", "open another")
  def fields(:closed, id), do: closed(id, "was closed", "open another")
  def fields(:unknown, id), do: closed(id, "is over", "open another")

  defp closed(id, how, hint),
    do: [code: :session_closed, message: "the session #{id} #{how}", hint: hint]

  @doc "In a word, for telemetry."
  @spec word(t()) :: atom()
  def word({word, _why}), do: word
  def word({:expired, why, _ms}), do: why
  def word(word), do: word
end
