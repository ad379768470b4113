defmodule Envmgr.Command.Compiled do
  # Which Python functions compiled code calls: read from the debug information of its modules, nothing of it is run.
  #
  # Code (a module's functions) → Sites (calls in them) → Values (what an argument can be) → Uses (what is called, and where)
  @moduledoc false

  alias Envmgr.Command.Compiled.{Code, Shapes, Sites, Uses}

  @enforce_keys [:functions, :methods, :unknown, :unread]
  defstruct [:functions, :methods, :unknown, :unread]

  @typedoc """
  `functions`: paths, the places that call them, and how: what is passed, with the places that decide it. `methods`: of methods and
  attributes only their names are known, and the path of the call that made the object where they follow it in a chain. `unknown`: calls whose path is made when they run, as far as it is
  known. `unread`: modules without debug information.
  """
  @type places :: [String.t()]
  @type t :: %__MODULE__{
          functions: [{path :: String.t(), places(), [{Shapes.t(), places()}]}],
          methods: [
            {name :: String.t(), on :: String.t() | nil, places(), [{Shapes.t(), places()}]}
          ],
          unknown: [{place :: String.t(), call :: String.t(), begins :: String.t()}],
          unread: [String.t()]
        }

  @doc "What the modules in these files call. Places are relative to `base`."
  @spec read([Path.t()], base :: String.t()) :: t()
  def read(beams, base) do
    read =
      beams
      |> Task.async_stream(&Code.read(&1, base), ordered: false, timeout: :infinity)
      |> Enum.map(fn {:ok, code} -> code end)

    codes = for {:ok, code} <- read, do: code
    found = codes |> Sites.index() |> Uses.all()

    %__MODULE__{
      functions:
        gathered(for {:function, path, place, shapes} <- found, do: {path, {place, shapes}}),
      methods:
        for({:method, name, on, place, shapes} <- found, do: {{name, on}, {place, shapes}})
        |> gathered()
        |> Enum.map(fn {{name, on}, places, shapes} -> {name, on, places, shapes} end),
      unknown:
        for({:unknown, place, call, begins} <- found, uniq: true, do: {place, call, begins})
        |> Enum.sort_by(&by_place(elem(&1, 0))),
      unread: Enum.sort(for {:error, module} <- read, do: module)
    }
  end

  defp gathered(pairs) do
    pairs
    |> Enum.group_by(&elem(&1, 0), &elem(&1, 1))
    |> Enum.map(fn {key, uses} ->
      shapes = Enum.flat_map(uses, &elem(&1, 1))
      {key, uses |> Enum.map(&elem(&1, 0)) |> sorted(), by_shape(shapes)}
    end)
    |> Enum.sort()
  end

  defp by_shape(shapes) do
    shapes
    |> Enum.group_by(&elem(&1, 0), &elem(&1, 1))
    |> Enum.map(fn {shape, places} -> {shape, sorted(places)} end)
    |> Enum.sort_by(fn {_shape, [first | _]} -> by_place(first) end)
  end

  defp sorted(places), do: places |> Enum.uniq() |> Enum.sort_by(&by_place/1)

  # Line 9 before line 10.
  defp by_place(place) do
    case Regex.run(~r/\A(.*):(\d+)\z/s, place) do
      [_all, file, line] -> {file, String.to_integer(line)}
      nil -> {place, 0}
    end
  end
end
