defmodule Envmgr.Libraries.Pipeline do
  # What a pipeline of the configuration (docs/hooks.md) changes in what a caller may give: names of the caller's own, and
  # arguments of any type where the worker makes something of them.
  @moduledoc false

  alias Envmgr.Libraries.{Row, Signature}

  @given "…"

  @typedoc "The steps for one path, as the launch manifest has them."
  @type t :: %{String.t() => term()}

  @doc "The pipeline of a path, relative to its library; nil when it has none."
  @spec of(%{String.t() => t()}, String.t()) :: t() | nil
  def of(pipelines, _path) when pipelines == %{}, do: nil
  def of(pipelines, path), do: pipelines[path] || pipelines["*"]

  @doc "A row of the catalog as callers see it through the pipeline."
  @spec seen(Row.raw(), t() | nil) :: Row.raw()
  def seen(raw, nil), do: raw

  def seen([path, kind, parameters, returns, summary, flags, overloads | more], steps) do
    overloads = overloads && for [p, r | rest] <- overloads, do: [parameters(p, steps), r | rest]
    [path, kind, parameters(parameters, steps), returns, summary, flags, overloads | more]
  end

  @spec parameters(Signature.parameters(), t()) :: Signature.parameters()
  defp parameters(nil, _steps), do: nil

  defp parameters(parameters, steps) do
    converted = steps["convert"] || %{}
    renamed = steps["rename"] || %{}

    known =
      for [name, kind, default | _] = parameter <- parameters,
          do:
            if(kind in [0, 1, 3] and converted[name], do: [name, kind, default], else: parameter)

    # Under either name: neither is missing when the other is there. The worker finds what is missing, or given twice.
    {ways, known} =
      Enum.map_reduce(renamed, known, fn {given, name}, known ->
        {for(
           [^name, kind, _ | hints] when kind in [0, 1, 3] <- known,
           do: [given, 3, @given | hints]
         ), Enum.map(known, &optional(&1, name))}
      end)

    {last, first} = Enum.split_with(known, &match?([_, 4 | _], &1))
    first ++ Enum.concat(ways) ++ last
  end

  defp optional([name, kind, nil | hints], name) when kind in [0, 1, 3],
    do: [name, kind, @given | hints]

  defp optional(parameter, _name), do: parameter
end
