defmodule Envmgr.Async do
  @moduledoc """
  A call that runs while its caller does something else: what `Envmgr.async/3` answers, for `Envmgr.await/2` and `Envmgr.cancel/1`.

      calls = for url <- urls, do: Envmgr.async("fetching.get", [url])
      answers = Envmgr.await_many(calls, 10_000)

  It belongs to the process that made it: that one awaits it, and when it ends the call is cancelled. The answer waits for its `await`: a
  call that is neither awaited nor cancelled keeps it until its caller ends.
  """

  @enforce_keys [:pid, :owner, :ref, :state]
  defstruct [:pid, :owner, :ref, :state, :path]

  @opaque state :: :atomics.atomics_ref()
  @type t :: %__MODULE__{
          pid: pid(),
          owner: pid(),
          ref: reference(),
          state: state(),
          path: String.t() | nil
        }

  defimpl Inspect do
    def inspect(async, _opts),
      do: "#Envmgr.Async<#{async.path || "chain"} in #{Kernel.inspect(async.pid)}>"
  end
end
