defmodule Quickstart.MixProject do
  use Mix.Project

  def project do
    [app: :quickstart, version: "0.1.0", elixir: "~> 1.14", deps: deps()]
  end

  def application, do: [extra_applications: [:logger]]

  defp deps do
    [{:envmgr, path: System.get_env("ENVMGR_ELIXIR", "../../elixir")}]
  end
end
