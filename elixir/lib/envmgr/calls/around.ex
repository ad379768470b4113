defmodule Envmgr.Calls.Around do
  # What may stand around a call, a layer a module, outermost first:
  #
  #   scripts of tests → hooks of this VM → fallbacks → cache → retries and hedges → circuit → limits → check, encode, worker, decode
  #
  # A call whose function has no plan, and which asks for nothing of this, meets no layer.
  @moduledoc false

  alias Envmgr.Calls.{Cached, Call, Circuit, Fallback, Hedge, Hooks, Limits, Options, Outcome}
  alias Envmgr.Calls.{Retry, Scripted}
  alias Envmgr.Libraries.Row

  @typedoc "The rest of the call, which a layer runs not at all, once, or several times."
  @type rest :: (Call.t() -> Outcome.answer())

  @doc "Runs the call in this layer, or hands it to the rest as it is."
  @callback around(Call.t(), rest()) :: Outcome.answer()

  @layers [Scripted, Hooks, Fallback, Cached, Retry, Hedge, Circuit, Limits]
  @instead @layers -- [Fallback]
  # Chains and methods of refs: what they are is not known by a path.
  @pathless [Scripted, Retry, Circuit, Limits]
  # What comes of a stream is not known when it begins.
  @stream [Scripted, Hooks, Retry, Circuit, Limits]

  @doc "Whether any layer may have to do with the call."
  @spec concerns?(Row.t(), Options.t()) :: boolean()
  def concerns?(row, options), do: elem(row, 12) != nil or options.around?

  @doc "`which`: the layers of a call by its path, of one in another's place, of a stream, or of a chain or a method."
  @spec run(:call | :instead | :stream | :pathless, Call.t(), rest()) :: Outcome.answer()
  def run(:call, call, core), do: through(@layers, call, core)
  def run(:instead, call, core), do: through(@instead, call, core)
  def run(:stream, call, core), do: through(@stream, call, core)
  def run(:pathless, call, core), do: through(@pathless, call, core)

  defp through([], call, core), do: core.(call)

  defp through([layer | inner], call, core),
    do: layer.around(call, fn call -> through(inner, call, core) end)
end
