defmodule Soak.Calls do
  # One call, held against what it must answer: in time, its own answer, and no error without an excuse.
  @moduledoc false

  alias Envmgr.Error
  alias Soak.Book

  # What a machine that is busy may need beside a deadline.
  @slack 10_000
  @timeout 30_000

  # What kills and switches may do to any call. A deadline of half a minute is none of it: an answer that is lost shows as one.
  @storm [:worker_lost, :not_ready]
  @objects [:stale_ref, :variable_lost]

  def slack, do: @slack
  def timeout, do: @timeout

  @doc """
  Makes the call. `excuses`: codes that what is done here explains; `objects: true` where an object may be lost.
  Answers `{:ok, value}` or `:error`; `expected` is a value or a function that tells whether it is one.
  """
  def call(scene, kind, expected, excuses \\ [], opts \\ [], fun) do
    timeout = Keyword.get(opts, :timeout, @timeout)
    began = System.monotonic_time(:millisecond)
    answer = fun.([name: scene.name, timeout: timeout] ++ Keyword.delete(opts, :objects))
    took = System.monotonic_time(:millisecond) - began

    if took > timeout + @slack,
      do: Book.wrong("#{scene.library} #{kind}: took #{took} ms, and its deadline was #{timeout}")

    if opts[:objects],
      do: answered(scene, kind, expected, excuses ++ lost(scene), answer),
      else: answered(scene, kind, expected, excuses, answer)
  end

  defp lost(%{library: "calm"}), do: []
  defp lost(_scene), do: @objects

  @doc "Holds an answer against what it must be."
  def answered(scene, kind, expected, excuses, answer) do
    case answer do
      {:ok, value} ->
        if right?(expected, value) do
          Book.count(scene.library, kind, :ok)
          {:ok, value}
        else
          text = "#{scene.library} #{kind}: answered #{short(value)}, not #{short(expected)}"
          Book.wrong(text)
          :error
        end

      {:error, %Error{} = error} ->
        Book.count(scene.library, kind, error.code)

        unless error.code in (excuses ++ excused(scene)),
          do: Book.wrong("#{scene.library} #{kind}: #{told(error)}")

        :error

      other ->
        Book.wrong("#{scene.library} #{kind}: is no answer: #{short(other)}")
        :error
    end
  end

  def excused(%{library: "calm"}), do: []
  def excused(_scene), do: @storm

  def told(%Error{} = error),
    do:
      "#{inspect(error.code)} #{error.path}: #{error.message} #{inspect(error.details, limit: 20)}"

  defp right?(expected, value) when is_function(expected, 1), do: expected.(value)
  defp right?(expected, value), do: expected == value

  defp short(value), do: value |> inspect(limit: 10) |> String.slice(0, 200)
end
