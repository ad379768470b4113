defmodule Envmgr.Calls.Around do
  # What may stand around a call, a layer a module, outermost first:
  #
  #   scripts of tests → hooks of this VM → fallbacks → cache → retries (and hedges) → circuit → limits → check, encode, worker, decode
  #
  # A call whose function has no plan, and which asks for nothing of this, meets no layer.
  @moduledoc false

  alias Envmgr.Calls.{Call, Options, Outcome, Scripted}
  alias Envmgr.Libraries.Row

  @typedoc "The rest of the call, which a layer runs not at all, once, or several times."
  @type rest :: (Call.t() -> Outcome.answer())

  @doc "Runs the call in this layer, or hands it to the rest as it is."
  @callback around(Call.t(), rest()) :: Outcome.answer()

  @layers [Scripted]

  @doc "Whether any layer may have to do with the call."
  @spec concerns?(Row.t(), Options.t()) :: boolean()
  def concerns?(row, options), do: elem(row, 12) != nil or options.around?

  @spec run(Call.t(), rest()) :: Outcome.answer()
  def run(call, core), do: run(@layers, call, core)

  defp run([], call, core), do: core.(call)

  defp run([layer | inner], call, core),
    do: layer.around(call, fn call -> run(inner, call, core) end)
end
