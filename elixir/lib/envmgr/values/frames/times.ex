defmodule Envmgr.Values.Frames.Times do
  # Counts of a unit, as NumPy and Arrow keep times, and Elixir's structs. Elixir knows no nanoseconds: they are cut.
  # Precision is 0 where there are no microseconds, else 6, as for every other time of docs/types.md.
  @moduledoc false

  alias Envmgr.Timedelta

  @day 86_400_000_000
  @epoch 719_528

  @typedoc "Seconds, milli-, micro- or nanoseconds; NumPy has longer ones too."
  @type unit :: String.t()

  @doc "The function from a count of `unit` to microseconds, or nil for a unit whose length varies or is too short."
  @spec microseconds(unit()) :: (integer() -> integer()) | nil
  def microseconds("us"), do: & &1
  def microseconds("ns"), do: &Integer.floor_div(&1, 1000)
  def microseconds("ms"), do: &(&1 * 1000)
  def microseconds("s"), do: &(&1 * 1_000_000)
  def microseconds("m"), do: &(&1 * 60_000_000)
  def microseconds("h"), do: &(&1 * 3_600_000_000)
  def microseconds("D"), do: &(&1 * @day)
  def microseconds("W"), do: &(&1 * 7 * @day)
  def microseconds(_other), do: nil

  @doc "Days since 1970-01-01; raises `ArgumentError` beyond the years that Elixir knows."
  @spec date(integer()) :: Date.t()
  def date(days) do
    {year, month, day} = civil(days)
    %Date{year: year, month: month, day: day}
  end

  @doc "Microseconds since midnight."
  @spec time(integer()) :: Time.t()
  def time(micros) when micros >= 0 and micros < @day do
    {hour, minute, second, fraction} = clock(micros)
    %Time{hour: hour, minute: minute, second: second, microsecond: fraction}
  end

  def time(_micros), do: raise(ArgumentError, "a time of day beyond 24 hours")

  @doc "Microseconds since 1970-01-01T00:00 on the clock."
  @spec naive(integer()) :: NaiveDateTime.t()
  def naive(micros) do
    {year, month, day} = micros |> Integer.floor_div(@day) |> civil()
    {hour, minute, second, fraction} = micros |> Integer.mod(@day) |> clock()

    %NaiveDateTime{
      year: year,
      month: month,
      day: day,
      hour: hour,
      minute: minute,
      second: second,
      microsecond: fraction
    }
  end

  @doc """
  The function from microseconds since 1970-01-01 UTC to a `DateTime` in `zone`: an IANA name, `"+02:00"`, or an offset
  in microseconds. Where Elixir's time zone database does not know the zone, it stays UTC: the same instant.
  """
  @spec aware(String.t() | integer()) :: (integer() -> DateTime.t())
  def aware(zone) when zone in ["UTC", "Etc/UTC", "utc", "Z", 0], do: &utc/1
  def aware(offset) when is_integer(offset), do: fixed(Integer.floor_div(offset, 1_000_000))

  def aware("dateutil/" <> zone), do: aware(zone)

  def aware(zone) do
    case offset(zone) do
      nil -> shifted(zone)
      0 -> &utc/1
      seconds -> fixed(seconds)
    end
  end

  @doc "The name of a zone in Arrow and pandas: `UTC`, an IANA name, or an offset as `+02:00`."
  @spec zone(Calendar.time_zone()) :: String.t()
  def zone("Etc/UTC"), do: "UTC"
  def zone("dateutil/" <> zone), do: zone

  def zone(<<"UTC", sign, _::binary>> = zone) when sign in '+-',
    do: binary_part(zone, 3, byte_size(zone) - 3)

  def zone(zone), do: zone

  @doc "A span of microseconds."
  @spec span(integer()) :: Timedelta.t()
  def span(micros), do: Timedelta.from_microseconds(micros)

  @doc "Microseconds since 1970-01-01T00:00 on the clock of a `NaiveDateTime`, `DateTime` or `Date`, or of a span."
  @spec count(NaiveDateTime.t() | DateTime.t() | Timedelta.t() | Time.t()) :: integer()
  def count(%Timedelta{} = span), do: Timedelta.to_microseconds(span)
  def count(%Time{} = time), do: time |> Time.to_seconds_after_midnight() |> micros(time)

  def count(%NaiveDateTime{} = naive) do
    {seconds, _micros} = NaiveDateTime.to_gregorian_seconds(naive)
    micros(seconds - @epoch * 86_400, naive)
  end

  def count(%DateTime{} = datetime), do: DateTime.to_unix(datetime, :microsecond)

  @doc "Days since 1970-01-01."
  @spec days(Date.t()) :: integer()
  def days(date), do: Date.to_gregorian_days(date) - @epoch

  defp micros({seconds, _micros}, time), do: micros(seconds, time)
  defp micros(seconds, %{microsecond: {micros, _precision}}), do: seconds * 1_000_000 + micros

  # http://howardhinnant.github.io/date_algorithms.html: a third of the time of Date.from_gregorian_days/1. An era is
  # 400 years, a year of an era begins in March.
  defp civil(days) do
    days = days + 719_468
    era = Integer.floor_div(days, 146_097)
    of_era = days - era * 146_097
    year = div(of_era - div(of_era, 1460) + div(of_era, 36_524) - div(of_era, 146_096), 365)
    of_year = of_era - (365 * year + div(year, 4) - div(year, 100))
    month = div(5 * of_year + 2, 153)
    day = of_year - div(153 * month + 2, 5) + 1
    {year, month} = if month < 10, do: {year, month + 3}, else: {year + 1, month - 9}
    year = year + era * 400
    if year in -9999..9999, do: {year, month, day}, else: beyond()
  end

  defp clock(micros) do
    seconds = div(micros, 1_000_000)
    minutes = div(seconds, 60)
    {div(minutes, 60), rem(minutes, 60), rem(seconds, 60), fraction(rem(micros, 1_000_000))}
  end

  defp fraction(0), do: {0, 0}
  defp fraction(micros), do: {micros, 6}

  defp utc(micros), do: zoned(micros, "Etc/UTC", "UTC", 0)

  defp zoned(micros, zone, abbreviation, offset) do
    naive = naive(micros + offset * 1_000_000)

    %DateTime{
      year: naive.year,
      month: naive.month,
      day: naive.day,
      hour: naive.hour,
      minute: naive.minute,
      second: naive.second,
      microsecond: naive.microsecond,
      time_zone: zone,
      zone_abbr: abbreviation,
      utc_offset: offset,
      std_offset: 0
    }
  end

  defp fixed(0), do: &utc/1

  defp fixed(offset) do
    name = "UTC" <> sign(offset) <> (offset |> abs() |> hours())
    &zoned(&1, name, name, offset)
  end

  defp sign(offset), do: if(offset < 0, do: "-", else: "+")

  defp hours(seconds) do
    parts = [div(seconds, 3600), rem(div(seconds, 60), 60)]
    parts = if rem(seconds, 60) == 0, do: parts, else: parts ++ [rem(seconds, 60)]
    Enum.map_join(parts, ":", &(&1 |> Integer.to_string() |> String.pad_leading(2, "0")))
  end

  defp offset(<<sign, hours::binary-size(2), ":", minutes::binary-size(2)>>) when sign in '+-' do
    with {hours, ""} <- Integer.parse(hours), {minutes, ""} <- Integer.parse(minutes) do
      seconds = hours * 3600 + minutes * 60
      if sign == ?-, do: -seconds, else: seconds
    else
      _ -> nil
    end
  end

  defp offset(_name), do: nil

  defp shifted(zone) do
    case DateTime.shift_zone(utc(0), zone) do
      {:ok, _known} ->
        fn micros ->
          {:ok, datetime} = micros |> utc() |> DateTime.shift_zone(zone)
          datetime
        end

      {:error, _unknown} ->
        &utc/1
    end
  end

  defp beyond,
    do: raise(ArgumentError, "a date beyond the years -9999 to 9999, which Elixir knows")
end
