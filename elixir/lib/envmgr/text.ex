defmodule Envmgr.Text do
  @moduledoc """
  A Python `str` that UTF-8 cannot hold, because it has lone surrogates: file names of foreign encodings, broken JSON.

  `wtf8` is its UTF-8 with each surrogate as three bytes, like any other character of its range.

      iex> Envmgr.execute!("probe.echo", [%Envmgr.Text{wtf8: <<"a", 0xED, 0xB2, 0x80>>}])
      %Envmgr.Text{wtf8: <<"a", 0xED, 0xB2, 0x80>>}
  """

  @enforce_keys [:wtf8]
  defstruct [:wtf8]

  @type t :: %__MODULE__{wtf8: binary()}
end
