defmodule Envmgr.Calls.Correlation do
  # The text by which a call is found again, in logs and errors of both languages.
  @moduledoc false

  alias Envmgr.Error

  @longest 200

  @doc "The one that was given, else what Logger's metadata names, else a new one. Asked for where it is told, not for every call."
  @spec of(String.t() | nil) :: String.t()
  def of(nil), do: logged() || new()
  def of(given), do: given

  @doc "The one in a call's options, else what Logger's metadata names, else nil."
  @spec given(keyword()) :: String.t() | nil
  def given(opts) do
    case List.keyfind(opts, :correlation, 0) do
      {:correlation, text} when is_binary(text) -> text
      _none -> logged()
    end
  end

  @doc "The one that Logger's metadata name, or nil."
  @spec logged() :: String.t() | nil
  def logged do
    case :logger.get_process_metadata() do
      %{correlation_id: id} = metadata -> fitting(id) || fitting(metadata[:request_id])
      %{request_id: id} -> fitting(id)
      _none -> nil
    end
  end

  defp fitting(id), do: if(fits?(id), do: id)

  @spec fits?(term()) :: boolean()
  def fits?(text), do: is_binary(text) and byte_size(text) in 1..@longest and String.valid?(text)

  @doc "An error before its call had a request."
  @spec mark(answer, term()) :: answer when answer: term()
  def mark({:error, %Error{correlation: nil} = error}, opts) do
    error = Error.classified(error)
    given = if is_list(opts), do: List.keyfind(opts, :correlation, 0)

    case given do
      {:correlation, text} when is_binary(text) -> {:error, %{error | correlation: text}}
      _none -> {:error, %{error | correlation: of(nil)}}
    end
  end

  def mark(answer, _opts), do: answer

  defp new, do: Base.encode16(:crypto.strong_rand_bytes(4), case: :lower)
end
