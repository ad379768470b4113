defmodule Envmgr.NearTest do
  use ExUnit.Case, async: true

  alias Envmgr.Near

  test "the name that was probably meant" do
    names = ~w(sep delimiter header iterator fit_intercept n_jobs)

    for {name, meant} <- [
          {"seperator", "sep"},
          {"head", "header"},
          {"fitIntercept", "fit_intercept"},
          {"N_JOBS", "n_jobs"},
          {"delimeter", "delimiter"},
          {"itertor", "iterator"},
          {"xyz", nil}
        ],
        do: assert(Near.name(name, names) == meant)
  end
end
