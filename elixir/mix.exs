defmodule Envmgr.MixProject do
  use Mix.Project

  def project do
    [
      app: :envmgr,
      version: "0.1.0",
      elixir: "~> 1.14",
      description:
        "Every Python library in its own locked environment, callable from Elixir, " <>
          "upgraded with proof and rolled back in a blink.",
      package: [licenses: ["Apache-2.0"]],
      elixirc_paths: elixirc_paths(Mix.env()),
      start_permanent: Mix.env() == :prod,
      deps: []
    ]
  end

  def application do
    [mod: {Envmgr.Application, []}, extra_applications: [:logger, :crypto, telemetry: :optional]]
  end

  defp elixirc_paths(:test), do: ["lib", "test/support"]
  defp elixirc_paths(_env), do: ["lib"]
end
