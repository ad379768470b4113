defmodule Envmgr.Values.Secrets do
  # What is kept out of errors: by the name that it is under, and by how it looks. The same rules as the worker's
  # (runtime/failures/redaction.py); tests/wire/secrets.json holds both to them.
  @moduledoc false

  @redacted "[redacted]"

  @words MapSet.new(
           ~w(password passwords passwd pwd passphrase passcode secret secrets token tokens apikey authorization auth cookie cookies) ++
             ~w(credential credentials dsn session sessionid bearer jwt privatekey accesskey secretkey authtoken)
         )
  @before_key ~w(api access private secret signing encryption master account auth ssh)
  @word ~r/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/

  @name "[\\w.-]{0,40}(?:passwords?|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|auth|" <>
          "authorization|cookie|credentials?|dsn|session(?:[_-]?id)?)"

  @looks [
    {~r/-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)/s,
     @redacted},
    {~r/(?<=:\/\/)[^\s\/@'"<>]+(?=@)/, @redacted},
    {~r/\b(Bearer|bearer) +(?!realm|tokens?\b|auth)[\w.~+\/=-]{6,}/, "\\1 #{@redacted}"},
    {~r/\b(Basic|basic) +(?=[\w+\/=-]*[0-9=+\/])[\w+\/=-]{6,}/, "\\1 #{@redacted}"},
    {~r/\beyJ[\w-]{8,2000}\.[\w-]{4,}(?:\.[\w-]*)?/, @redacted},
    {~r/\b(?:AKIA|ASIA|AGPA|AROA|AIDA)[A-Z0-9]{16}\b/, @redacted},
    {~r/\b(?:gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,})/, @redacted},
    {~r/\b(?:xox[abeoprs]-[\w-]{8,}|sk-[\w-]{16,}|[rs]k_live_\w{8,}|AIza[\w-]{30,}|hf_\w{20,}|npm_\w{30,}|pypi-[\w-]{30,})/,
     @redacted},
    {Regex.compile!(
       "((?<!\\w)#{@name}[\"']?\\s*(?:=>|[=:])\\s*b?)(\"(?:[^\"\\\\]|\\\\.)+\"|'(?:[^'\\\\]|\\\\.)+')",
       "is"
     ), "\\1'#{@redacted}'"},
    {Regex.compile!("((?<!\\w)#{@name}=)(?![\\s'\"\\[(=])[^\\s&;,'\")]+", "i"),
     "\\1#{@redacted}"},
    {~r/((?<![\w-])(?:proxy-)?(?:authorization|set-cookie|cookie|x-api-key|x-auth-token) *: *)(?![ \['"])[^\n'"]+/im,
     "\\1#{@redacted}"},
    {~r/((?<!\w)(?:password|passwd|pwd|passphrase) *: *)(?![\s'"\[])[^\s,;'"]+/i,
     "\\1#{@redacted}"}
  ]

  @doc "Whether what stands under this name is kept back."
  @spec name?(term()) :: boolean()
  def name?(name) when is_atom(name) and name not in [nil, true, false],
    do: name?(Atom.to_string(name))

  def name?(name) when is_binary(name) and byte_size(name) <= 100 do
    words = for [word] <- Regex.scan(@word, name), do: String.downcase(word)

    Enum.any?(words, &(&1 in @words)) or List.last(words) == "pass" or
      words
      |> Enum.zip(Enum.drop(words, 1))
      |> Enum.any?(fn {before, word} -> word == "key" and before in @before_key end)
  end

  def name?(_name), do: false

  @doc "The text without what looks like a secret, and without `secrets`."
  @spec redact(String.t(), [String.t()]) :: String.t()
  def redact(text, secrets \\ []) do
    text = Enum.reduce(secrets, text, &String.replace(&2, &1, @redacted))
    Enum.reduce(@looks, text, fn {look, instead}, text -> Regex.replace(look, text, instead) end)
  end

  # What is shorter stands in too many words by chance.
  @least 4
  @depth 4
  @most_members 100

  # So many parts of the arguments are looked at: they may hold a part many times over.
  @most_parts 2_000

  @doc "Texts that stand under the names of secrets, in arguments by their names; the longest first."
  @spec in_arguments([{term(), term()}]) :: [String.t()]
  def in_arguments(named) do
    for({name, value} <- named, do: {value, name?(name), @depth})
    |> :queue.from_list()
    |> look(@most_parts, [])
    |> Enum.filter(&(String.valid?(&1) and String.length(&1) >= @least))
    |> Enum.uniq()
    |> Enum.sort_by(&byte_size/1, :desc)
  end

  # What waits: parts, whether a name above them is a secret's, and how deep to go. What is near the top comes first.
  defp look(_waiting, 0, found), do: found

  defp look(waiting, left, found) do
    case :queue.out(waiting) do
      {:empty, _waiting} ->
        found

      {{:value, {value, true, _depth}}, waiting} when is_binary(value) ->
        look(waiting, left - 1, [value | found])

      {{:value, {_value, _secret?, 0}}, waiting} ->
        look(waiting, left - 1, found)

      {{:value, {value, secret?, depth}}, waiting} ->
        inside = :queue.from_list(parts(value, secret?, depth - 1))
        look(:queue.join(waiting, inside), left - 1, found)
    end
  end

  defp parts(%_{}, _secret?, _depth), do: []

  defp parts(map, secret?, depth) when is_map(map) do
    for {name, value} <- Enum.take(map, @most_members),
        do: {value, secret? or name?(name), depth}
  end

  defp parts({name, value}, secret?, depth) when is_atom(name) or is_binary(name),
    do: [{value, secret? or name?(name), depth}]

  defp parts(tuple, true, depth) when is_tuple(tuple),
    do:
      for(value <- tuple |> Tuple.to_list() |> Enum.take(@most_members), do: {value, true, depth})

  defp parts([_ | _] = list, secret?, depth),
    do: for(value <- some(list, @most_members), do: {value, secret?, depth})

  defp parts(_value, _secret?, _depth), do: []

  # Lists may be improper.
  defp some([head | tail], left) when left > 0, do: [head | some(tail, left - 1)]
  defp some(_rest, _left), do: []
end
