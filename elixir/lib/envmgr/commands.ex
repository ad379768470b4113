defmodule Envmgr.Commands do
  # Commands as whoever reads of them can give them: in a mix project they are `mix envmgr`'s; a release has none, and its
  # environments are built elsewhere. Texts name them as "`envmgr sync`".
  @moduledoc false

  @elsewhere " where its environments are built"

  @typedoc "Where this VM runs."
  @type place :: :mix | :release | :bare

  @doc "A text with its commands as they are given here."
  @spec spoken(text, place()) :: text when text: String.t() | nil
  def spoken(text, place \\ here())
  def spoken(nil, _place), do: nil
  def spoken(text, :bare), do: text
  def spoken(text, :mix), do: String.replace(text, "`envmgr ", "`mix envmgr ")

  # Said of the first of them, so that it can still be read.
  def spoken(text, :release),
    do: String.replace(text, ~r/`envmgr [^`]*`/, "\\0#{@elsewhere}", global: false)

  @doc "The command that builds all that is not there yet."
  @spec install(place()) :: String.t()
  def install(place \\ here())
  def install(:mix), do: "`mix envmgr.install`"
  def install(place), do: spoken("`envmgr sync`", place)

  @doc "What to do where the command itself is missing."
  @spec command(place()) :: String.t()
  def command(place \\ here())
  def command(:mix), do: "run #{install(:mix)}"

  def command(_place),
    do: "name it by `config :envmgr, command:` or the variable ENVMGR, or put it on PATH"

  @spec here() :: place()
  defp here do
    cond do
      Process.whereis(Mix.Supervisor) != nil -> :mix
      System.get_env("RELEASE_ROOT") not in [nil, ""] -> :release
      true -> :bare
    end
  end
end
