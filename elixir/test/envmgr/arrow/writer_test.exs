defmodule Envmgr.Arrow.WriterTest do
  use ExUnit.Case, async: true

  alias Envmgr.{Arrow, JSON}
  alias Envmgr.Arrow.{Column, Field, Packing, Table}

  path = Path.expand("golden.json", __DIR__)
  @external_resource path
  {:ok, golden} = path |> File.read!() |> JSON.decode()

  @golden for %{"name" => name, "ipc" => ipc, "columns" => _} = case <- golden,
              case["unread"] == nil,
              do: {name, Base.decode64!(ipc)}
  defp golden(name), do: List.keyfind(@golden, name, 0) |> elem(1)

  for {name, _ipc} <- @golden do
    test "what was read is written with the same values: #{name}" do
      {:ok, table} = Arrow.read(golden(unquote(name)))
      again = written(table)

      assert {again.fields, again.rows, length(again.batches)} ==
               {table.fields, table.rows, length(table.batches)}

      assert lists(again) === lists(table)
    end

    test "and so is what was packed again: #{name}" do
      {:ok, table} = Arrow.read(golden(unquote(name)))
      values = lists(table)

      {fields, columns} = table.fields |> Enum.zip_with(values, &Packing.column/2) |> Enum.unzip()

      assert lists(
               written(%Table{fields: fields, batches: [{table.rows, columns}], rows: table.rows})
             ) === values
    end
  end

  test "metadata goes along, whatever its bytes" do
    metadata = [{"ARROW:extension:name", "pandas.period"}, {"", <<255, 0>>}]
    fields = [%Field{name: "n", type: :null, metadata: metadata, children: []}]

    table = %Table{
      fields: fields,
      batches: [{2, [%Column{type: :null, length: 2}]}],
      rows: 2,
      metadata: metadata
    }

    again = written(table)
    assert {again.fields, again.metadata} == {fields, metadata}
  end

  # ENVMGR_TEST_ARROW_PYTHON: a Python with pyarrow, polars and pandas.
  @python System.get_env("ENVMGR_TEST_ARROW_PYTHON")

  if @python do
    defp only(table, j) do
      batches = for {rows, columns} <- table.batches, do: {rows, [Enum.at(columns, j)]}
      %{table | fields: [Enum.at(table.fields, j)], batches: batches}
    end

    test "pyarrow, polars and pandas read what is written" do
      folder = Path.join(System.tmp_dir!(), "envmgr-arrow-#{System.pid()}")
      File.mkdir_p!(folder)
      on_exit(fn -> File.rm_rf!(folder) end)

      for {{name, ipc}, i} <- Enum.with_index(@golden), name != "polars alone" do
        {:ok, table} = Arrow.read(ipc)

        for {field, j} <- Enum.with_index(table.fields), values = Enum.at(lists(table), j) do
          {field, column} = Packing.column(field, values)
          packed = %Table{fields: [field], batches: [{table.rows, [column]}], rows: table.rows}

          for {name, ours} <- ["#{i}-#{j}-written": only(table, j), "#{i}-#{j}-packed": packed] do
            {:ok, ours} = Arrow.write(ours)
            File.write!(Path.join(folder, "#{name}.ours.arrow"), ours)
          end
        end

        File.write!(Path.join(folder, "#{i}.arrow"), ipc)
      end

      script = Path.expand("compare.py", __DIR__)
      assert System.cmd(@python, [script, folder], stderr_to_stdout: true) == {"", 0}
    end
  end

  defp written(table) do
    assert {:ok, stream} = Arrow.write(table)
    stream = IO.iodata_to_binary(stream)
    assert rem(byte_size(stream), 8) == 0
    assert {:ok, again} = Arrow.read(stream)
    again
  end

  defp lists(table) do
    for i <- 0..(length(table.fields) - 1) do
      assert {:ok, values} = Arrow.column(table, i, fn _type -> nil end)
      values
    end
  end
end
