defmodule Envmgr.Values.Refusal do
  # Why a term cannot be sent: what it is in Elixir, what it was to be in Python, and the reason.
  # The encoder throws one; `Locate` then says where in the arguments the term is.
  @moduledoc false

  @enforce_keys [:elixir, :reason]
  defstruct [:elixir, :python, :reason, :hint, :ref, whole: false]

  @typedoc "`whole`: no part is to blame, it is the size of the value. `ref`: of an object that is in another worker."
  @type t :: %__MODULE__{
          elixir: String.t(),
          python: String.t() | nil,
          reason: String.t(),
          hint: String.t() | nil,
          ref: Envmgr.Ref.t() | nil,
          whole: boolean()
        }

  @spec refuse(String.t(), String.t() | nil, String.t(), keyword()) :: no_return()
  def refuse(elixir, python, reason, more \\ []) do
    refusal = struct!(%__MODULE__{elixir: elixir, python: python, reason: reason}, more)
    throw({:envmgr, {:error, refusal}})
  end

  @doc "In words, without the place."
  @spec text(t()) :: String.t()
  def text(%__MODULE__{elixir: elixir, python: python, reason: reason}),
    do: "#{elixir} cannot become #{python || "a Python value"}: #{reason}"

  @doc "A term in few words, however large it is."
  @spec show(term()) :: String.t()
  def show(term), do: inspect(term, limit: 5, printable_limit: 60)
end
