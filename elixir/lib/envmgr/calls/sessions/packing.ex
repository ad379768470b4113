defmodule Envmgr.Calls.Sessions.Packing do
  # Values of variables, in the process that puts or gets them.
  @moduledoc false

  alias Envmgr.{Error, Ref, Session}
  alias Envmgr.Calls.Sessions
  alias Envmgr.Calls.Sessions.Variables
  alias Envmgr.Values.{Decoder, Encoder, Locate, Refusal}

  @spec pack(Session.t(), String.t(), term()) ::
          {:ok, Variables.variable()} | {:error, Error.t()}
  def pack(%{name: instance}, _name, %Ref{name: instance} = ref), do: {:ok, {:kept, ref, false}}

  def pack(session, name, %Ref{} = ref) do
    message =
      "#{inspect(name)}: the ref is of the instance #{inspect(ref.name)}, the session of #{inspect(session.name)}"

    {:error, Sessions.error(session, code: :arguments, message: message)}
  end

  def pack(session, name, value) do
    case Encoder.lending(value, nil) do
      {:ok, data, []} ->
        {:ok, {:value, IO.iodata_to_binary(data)}}

      {:ok, _data, _functions} ->
        refused(
          session,
          "#{inspect(name)}: functions and streams are for one call, not for variables"
        )

      {:ref, _ref} ->
        refused(
          session,
          "#{inspect(name)}: a ref inside of a value; put it under a name of its own"
        )

      {:error, refusal} ->
        {place, refusal} = Locate.arguments([], [{name, value}], nil, nil, refusal)
        refused(session, "#{place}: #{Refusal.text(refusal)}", refusal.hint)
    end
  end

  defp refused(session, message, hint \\ nil),
    do: {:error, Sessions.error(session, code: :conversion, message: message, hint: hint)}

  @doc "What a session's process has answered."
  @spec unpack(Variables.variable() | nil | {:error, Error.t()}, Session.t(), String.t(), term()) ::
          {:ok, term()} | {:error, Error.t()}
  def unpack(nil, _session, _name, default), do: {:ok, default}
  def unpack({:kept, ref, _}, _session, _name, _default), do: {:ok, ref}
  def unpack({:error, error}, _session, _name, _default), do: {:error, error}

  def unpack({:lost, why, _owner}, session, name, _default) do
    {:error,
     Sessions.error(session,
       code: :variable_lost,
       message: "the variable #{inspect(name)} of session #{session.id} is lost: #{why}",
       hint: "make it again, or Envmgr.Session.delete(session, #{inspect(name)})"
     )}
  end

  # No ref is in it; the instance's decoders are asked for its name.
  def unpack({:value, packed}, session, name, _default) do
    home = %{
      owner: session.pid,
      generation: nil,
      environment: nil,
      name: session.name,
      holder: :nobody
    }

    with {:error, reason} <- Decoder.decode(packed, home) do
      message = "the variable #{inspect(name)} cannot be read: #{reason}"
      {:error, Sessions.error(session, code: :conversion, message: message)}
    end
  end
end
