defmodule Envmgr.Command.Compiled.Code do
  # A compiled module as Erlang's abstract forms, which Elixir's and Erlang's compilers leave in it.
  @moduledoc false

  @enforce_keys [:module, :file, :functions]
  defstruct [:module, :file, :functions]

  @type form :: tuple()
  @type t :: %__MODULE__{
          module: module(),
          file: String.t(),
          functions: %{{atom(), arity()} => {line :: non_neg_integer(), clauses :: [form()]}}
        }

  @doc "The error names a module without debug information. Files are relative to `base` where they are in it."
  @spec read(Path.t(), String.t()) :: {:ok, t()} | {:error, String.t()}
  def read(beam, base) do
    with {:ok, {module, [debug_info: {:debug_info_v1, backend, data}]}} <-
           chunk(beam, :debug_info),
         {:ok, forms} <- backend.debug_info(:erlang_v1, module, data, []) do
      functions =
        for {:function, anno, name, arity, clauses} <- forms,
            into: %{},
            do: {{name, arity}, {:erl_anno.line(anno), clauses}}

      {:ok, %__MODULE__{module: module, file: file(beam, forms, base), functions: functions}}
    else
      _none -> {:error, beam |> Path.basename(".beam") |> String.replace_prefix("Elixir.", "")}
    end
  end

  defp chunk(beam, name), do: beam |> String.to_charlist() |> :beam_lib.chunks([name])

  # The compiler notes the whole path, but for a deterministic build. It is shown as seen from the project, or from here.
  defp file(beam, forms, base) do
    with {:ok, {_module, [compile_info: info]}} <- chunk(beam, :compile_info),
         source when source != nil <- info[:source] do
      source |> to_string() |> Path.relative_to(base) |> Path.relative_to_cwd()
    else
      _none -> Enum.find_value(forms, "?", &attribute/1)
    end
  end

  defp attribute({:attribute, _anno, :file, {file, _line}}), do: to_string(file)
  defp attribute(_form), do: nil
end
