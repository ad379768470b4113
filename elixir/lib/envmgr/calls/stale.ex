defmodule Envmgr.Calls.Stale do
  # What a stale ref says of itself.
  @moduledoc false

  alias Envmgr.Calls.{Holders, Holdings, Request}
  alias Envmgr.Error

  # How a worker names what it does not hold: runtime/execution/refs.py. The place in the arguments stands before it.
  @object ~r/object (\d+) \(.*/s

  @again "make the object again"

  @doc "An error of a worker, with what is known here of the object that it does not hold."
  @spec known(Error.t(), Request.t(), pid()) :: Error.t()
  def known(error, request, owner) do
    with [_, id] <- Regex.run(@object, error.message),
         {:released, _} = fate <- Holders.fate(request.name, owner, String.to_integer(id)) do
      [message: words, hint: hint] = fate |> fields() |> Keyword.take([:message, :hint])
      %{error | message: Regex.replace(@object, error.message, fn _ -> words end), hint: hint}
    else
      _unknown -> error
    end
  end

  @doc "Fields of an error."
  @spec fields(Holdings.fate()) :: keyword()
  def fields({:ended, why, at}) do
    [
      code: :stale_ref,
      message: "the object went with its worker: #{why}",
      hint: @again,
      details: %{ended: at}
    ]
  end

  def fields({:released, {:process, pid}}) do
    [
      code: :stale_ref,
      message: "the object was released when the process that held it, #{inspect(pid)}, ended",
      hint: "let a process that lives longer get it, or hand it on with Envmgr.give_away/2"
    ]
  end

  def fields({:released, {:release, pid}}) do
    [
      code: :stale_ref,
      message: "the object was released by Envmgr.release/1 in #{inspect(pid)}",
      hint: @again
    ]
  end

  def fields({:released, {:session, id}}) do
    [
      code: :stale_ref,
      message: "the object was released when the session #{id}, which owned it, ended",
      hint: "use it while the session is open, or get it by a call without the session"
    ]
  end

  def fields({:released, {:variable, name, id}}) do
    [
      code: :stale_ref,
      message:
        "the object was released when the variable #{inspect(name)} of session #{id} got another value",
      hint: "get the variable again"
    ]
  end

  def fields({:elsewhere, node}) do
    [
      code: :arguments,
      message: "the object is in a worker of #{node}",
      hint: "call it there (:erpc.call/4), in a process that lives as long as the object is to"
    ]
  end

  def fields(:unknown) do
    [
      code: :stale_ref,
      message: "the object's worker is gone, and the object with it",
      hint: @again
    ]
  end
end
