defmodule Envmgr.Release.Place do
  # Where a release has its environments, and from which project they came. Imports nothing.
  @moduledoc false

  @name "envmgr"
  @origin "assembled-from"

  @doc "In the directory of one version, so that several can be there."
  @spec in_version(String.t()) :: String.t()
  def in_version(version_path), do: Path.join(version_path, @name)

  @doc "The environments of the release that this VM runs from; nil when it has none, or runs from none."
  @spec here() :: String.t() | nil
  def here do
    with root when is_binary(root) <- System.get_env("RELEASE_ROOT"),
         version when is_binary(version) <- System.get_env("RELEASE_VSN"),
         place = in_version(Path.join([root, "releases", version])),
         true <- assembled?(place),
         do: place,
         else: (_none -> nil)
  end

  @doc "Whether this VM runs from a release."
  @spec in_release?() :: boolean()
  def in_release?, do: System.get_env("RELEASE_ROOT") != nil

  @spec assembled?(String.t()) :: boolean()
  def assembled?(place), do: File.regular?(Path.join(place, @origin))

  @doc "The project's directory on the machine that assembled it."
  @spec origin(String.t()) :: String.t()
  def origin(place), do: place |> Path.join(@origin) |> File.read!() |> String.trim_trailing("\n")

  @spec mark!(String.t(), String.t()) :: :ok
  def mark!(place, project), do: File.write!(Path.join(place, @origin), project <> "\n")
end
