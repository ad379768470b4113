defmodule Envmgr.Test.Guide do
  # Guides whose Elixir is run against the Python that stands beside it.
  @moduledoc false

  alias Envmgr.Test.Project

  @docs Path.expand("../../../docs", __DIR__)

  @doc "The code of a language in a guide, block by block."
  def blocks(guide, language) do
    text = File.read!(Path.join(@docs, guide))
    for [_, code] <- Regex.scan(~r/```#{language}\n(.*?)```/s, text), do: code
  end

  @doc "A project with the module of these files as its library. `said`: what envmgr.toml says of it."
  def project(module, files, said \\ %{}) do
    project = Project.new()
    site = Path.join(project, "site")

    for {name, content} <- files do
      path = Path.join(site, name)
      File.mkdir_p!(Path.dirname(path))
      File.write!(path, content)
    end

    layer = Path.join(project, "layer")
    Project.build(layer, site, [module])
    catalog = %{"catalog" => Path.join(layer, "#{module}.catalog")}
    library = Project.library(module, Map.merge(said, catalog))
    Project.activate(project, module, workers: 1, path: site, libraries: %{module => library})
    project
  end

  @doc "Blocks of Python by the names that they begin with."
  def files(blocks) do
    for code <- blocks, [_, name] = Regex.run(~r/\A# (\S+)\n/, code), do: {name, code}
  end

  @doc "Runs the code in this project instead of the working directory: its value."
  def run(code, project) do
    [_, _] = String.split(code, ~s(project: "."))

    {value, _} =
      code |> String.replace(~s(project: "."), inspect_project(project)) |> Code.eval_string()

    value
  end

  defp inspect_project(project), do: "project: #{inspect(project)}"
end

# The structs of docs/serializers.md, compiled with the others so that the protocol knows them.
Envmgr.Test.Guide.blocks("serializers.md", "elixir") |> hd() |> Code.eval_string()
