defmodule Envmgr.Near do
  # The name that was probably meant.
  @moduledoc false

  @doc "The candidate nearest to `name`, or nil when none is near."
  @spec name(String.t(), [String.t()]) :: String.t() | nil
  def name(name, candidates) do
    candidates
    |> Enum.filter(&(abs(byte_size(&1) - byte_size(name)) <= 4))
    |> Enum.map(&{String.jaro_distance(name, &1), &1})
    |> Enum.max(fn -> {0.0, nil} end)
    |> case do
      {near, candidate} when near >= 0.75 -> candidate
      _far -> nil
    end
  end

  @doc "A question to put into a hint, or nil."
  @spec hint(String.t(), [String.t()]) :: String.t() | nil
  def hint(name, candidates) do
    if near = name(name, candidates), do: "did you mean #{near}?"
  end
end
