defmodule Envmgr.Calls.Sessions.Variables do
  # The variables of a session, and how many there may be. Pure.
  @moduledoc false

  alias Envmgr.Ref

  @enforce_keys [:most, :most_bytes]
  defstruct [:most, :most_bytes, bytes: 0, there: %{}]

  @typedoc """
  A plain value, as it is packed; an object that stays in its worker (`mine?`: Python put it there, and its ref was made for the variable);
  or why there is none any more.
  """
  @type variable ::
          {:value, packed :: binary()}
          | {:kept, Ref.t(), mine? :: boolean()}
          | {:lost, why :: String.t(), owner :: pid()}

  @type t :: %__MODULE__{
          most: pos_integer(),
          most_bytes: pos_integer(),
          bytes: non_neg_integer(),
          there: %{String.t() => variable()}
        }

  @doc "Puts one, and gives the one that it took the place of; why there is no room for it. `:anyway`: it was put already, elsewhere."
  @spec put(t(), String.t(), variable(), :within | :anyway) ::
          {:ok, variable() | nil, t()} | {:full, String.t()}
  def put(s, name, variable, limits) do
    old = s.there[name]
    bytes = s.bytes - size(old) + size(variable)

    cond do
      limits == :within and not here?(old) and count(s) >= s.most ->
        {:full, "it has #{s.most} variables, as many as it may"}

      limits == :within and bytes > s.most_bytes ->
        {:full,
         "its variables would take more than the #{s.most_bytes} bytes that they may: #{inspect(name)} takes #{size(variable)}"}

      true ->
        {:ok, old, %{s | there: Map.put(s.there, name, variable), bytes: bytes}}
    end
  end

  @spec delete(t(), String.t()) :: {variable() | nil, t()}
  def delete(s, name) do
    {old, there} = Map.pop(s.there, name)
    {old, %{s | there: there, bytes: s.bytes - size(old)}}
  end

  @doc "The objects of a worker are lost. Gives the names of the variables."
  @spec lose(t(), pid(), String.t()) :: {[String.t()], t()}
  def lose(s, owner, why) do
    names = for {name, {:kept, %Ref{owner: ^owner}, _}} <- s.there, do: name
    {names, %{s | there: Enum.reduce(names, s.there, &Map.put(&2, &1, {:lost, why, owner}))}}
  end

  @doc "Names of variables that can be read."
  @spec names(t()) :: [String.t()]
  def names(s), do: for({name, variable} <- s.there, here?(variable), do: name)

  @spec count(t()) :: non_neg_integer()
  def count(s), do: Enum.count(s.there, fn {_name, variable} -> here?(variable) end)

  @spec lost(t()) :: %{String.t() => String.t()}
  def lost(s), do: for({name, {:lost, why, _owner}} <- s.there, into: %{}, do: {name, why})

  @doc "How many were lost with this worker."
  @spec lost_with(t(), pid()) :: non_neg_integer()
  def lost_with(s, owner), do: Enum.count(s.there, &match?({_, {:lost, _, ^owner}}, &1))

  @doc "Whether an object stays in this worker."
  @spec kept_in?(t(), pid()) :: boolean()
  def kept_in?(s, owner),
    do: Enum.any?(s.there, &match?({_, {:kept, %Ref{owner: ^owner}, _}}, &1))

  defp here?(nil), do: false
  defp here?({:lost, _why, _owner}), do: false
  defp here?(_there), do: true

  defp size({:value, packed}), do: byte_size(packed)
  defp size(_other), do: 0
end
