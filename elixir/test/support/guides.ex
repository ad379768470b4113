for name <- ~w(recovery caching pools) do
  path = Path.expand("../../../docs/#{name}.md", __DIR__)

  defmodule Module.concat(Envmgr.Test.Guides, String.capitalize(name)) do
    @moduledoc File.read!(path)
    @external_resource path
    @path path

    @doc "What its envmgr.toml says."
    def toml do
      ~r/```toml\n(.*?)```/s
      |> Regex.scan(File.read!(@path))
      |> Enum.map_join("\n", &Enum.at(&1, 1))
    end
  end
end
