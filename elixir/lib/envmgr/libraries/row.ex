defmodule Envmgr.Libraries.Row do
  # What the instance's table keeps of a path that was called: a tuple, so that a lookup copies little.
  #
  #   {path, library, environment, timeout, least, most, epoch, detail, hints, types, target, traced?, plan, tally}
  #
  # A call with `least` to `most` arguments, all by position, fits when `types` is nil or takes them; whatever does not is
  # looked at by its `Shape`, then with `detail` (`Check`). `target`: the path that an alias stands for, else nil.
  # `plan`: what is done around its calls, nil for nothing. `tally`: where its calls are counted.
  @moduledoc false

  alias Envmgr.Libraries.{Overloads, Plan, Signature, Types}
  alias Envmgr.Libraries.Usage.Tally

  @type t ::
          {path :: String.t(), library :: String.t(), environment :: String.t(),
           timeout :: pos_integer(), least :: integer(), most :: integer(), epoch :: integer(),
           detail :: binary(), Signature.hints() | nil, Types.t() | nil,
           target :: String.t() | nil, traced? :: boolean(), Plan.t() | nil, Tally.t() | nil}

  @typedoc "A row of the catalog: path, kind, parameters, returns, summary, flags, overloads."
  @type raw :: list()

  @typedoc "Whose row it is."
  @type home ::
          {library :: String.t(), environment :: String.t(), timeout :: pos_integer(),
           epoch :: integer(), traced? :: boolean()}

  @spec build(String.t(), String.t() | nil, home(), raw(), Plan.t() | nil, Tally.t() | nil) :: t()
  def build(path, target, {library, environment, timeout, epoch, traced?}, raw, plan, tally) do
    {least, most, hints, types} = quick(raw)
    # The detail is a binary of its own: a lookup copies a pointer instead of fifty parameters.
    detail = :erlang.term_to_binary(raw)
    path = :binary.copy(path)

    {path, library, environment, timeout, least, most, epoch, detail, hints, types, target,
     traced?, plan, tally}
  end

  @doc "Where its calls are counted."
  @spec tally(t()) :: Tally.t() | nil
  def tally(row), do: elem(row, 13)

  @doc "The row of the catalog that it was made from."
  @spec raw(t()) :: raw()
  def raw(row), do: row |> elem(7) |> :erlang.binary_to_term()

  defp quick([_path, "constant" | _]), do: {0, 0, nil, nil}
  defp quick([_path, "property" | _]), do: {1, 1, nil, nil}

  defp quick([_path, _kind, parameters, _returns, _summary, _flags, none | _])
       when none in [nil, []] do
    {least, most} = Signature.positional(parameters)
    {least, most, Signature.hints(parameters), Types.of(parameters)}
  end

  defp quick([_path, _kind, parameters, _returns, _summary, flags, overloads | _]) do
    own = Overloads.own(parameters, flags)
    {least, most} = Overloads.positional(own, Enum.map(overloads, &hd/1))
    {least, most, nil, nil}
  end
end
