#include "app/probe/report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace togglecast::app::probe {
namespace {

struct Times {
  double least = 0, median = 0, most = 0;
};

Times times_of(std::vector<double> samples) {
  if (samples.empty()) return {};
  std::sort(samples.begin(), samples.end());
  const std::size_t half = samples.size() / 2;
  const double median = samples.size() % 2 == 1 ? samples[half] : (samples[half - 1] + samples[half]) / 2;
  return {samples.front(), median, samples.back()};
}

double rounded(double ms) { return std::round(ms * 1'000) / 1'000; }

// Characters, not bytes: steps have arrows.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t shown = width_of(text);
  if (shown < width) text.append(width - shown, ' ');
  return text;
}

std::string number(double ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%9.2f", ms);
  return text;
}

}  // namespace

std::string_view to_string(Row::Outcome outcome) noexcept {
  switch (outcome) {
    case Row::Outcome::ok:
      return "ok";
    case Row::Outcome::failed:
      return "failed";
    case Row::Outcome::skipped:
      return "skipped";
  }
  return "failed";
}

Row& Report::row(std::string_view where, std::string_view step) {
  const auto found = std::find_if(rows_.begin(), rows_.end(),
                                  [&](const Row& row) { return row.where == where && row.step == step; });
  if (found != rows_.end()) return *found;
  rows_.emplace_back();
  rows_.back().where = where;
  rows_.back().step = step;
  return rows_.back();
}

void Report::passed(std::string_view where, std::string_view step,
                    std::initializer_list<std::string_view> events, double ms) {
  Row& found = row(where, step);
  found.events.insert(events.begin(), events.end());
  found.samples.push_back(ms);
}

void Report::failed(std::string_view where, std::string_view step, std::string reason) {
  Row& found = row(where, step);
  found.outcome = Row::Outcome::failed;
  if (found.reason.empty()) found.reason = std::move(reason);
}

void Report::skipped(std::string_view where, std::string_view step, std::string reason) {
  Row& found = row(where, step);
  found.outcome = Row::Outcome::skipped;
  found.reason = std::move(reason);
}

std::size_t Report::count(Row::Outcome outcome) const noexcept {
  return static_cast<std::size_t>(std::count_if(
      rows_.begin(), rows_.end(), [outcome](const Row& row) { return row.outcome == outcome; }));
}

std::string Report::table() const {
  std::size_t place = 5, step = 4;
  for (const Row& row : rows_) {
    place = std::max(place, width_of(row.where));
    step = std::max(step, width_of(row.step));
  }
  std::string text =
      padded("where", place) + "  " + padded("step", step) + "  times   min ms  median ms   max ms\n";
  for (const Row& row : rows_) {
    text += padded(row.where, place) + "  " + padded(row.step, step) + "  ";
    if (row.outcome == Row::Outcome::ok) {
      const Times times = times_of(row.samples);
      char count[16];
      std::snprintf(count, sizeof count, "%5zu", row.samples.size());
      text.append(count).append(number(times.least)).append("  ").append(number(times.median));
      text.append(number(times.most)).append("\n");
    } else {
      text.append(to_string(row.outcome)).append(": ").append(row.reason).append("\n");
    }
  }
  return text;
}

json::object Report::to_json(const std::string& url) const {
  json::array steps;
  for (const Row& row : rows_) {
    const Times times = times_of(row.samples);
    json::array events;
    for (const std::string& event : row.events) events.emplace_back(event);
    json::object step{{"where", row.where},
                      {"step", row.step},
                      {"outcome", to_string(row.outcome)},
                      {"events", std::move(events)},
                      {"samples", row.samples.size()},
                      {"min_ms", rounded(times.least)},
                      {"median_ms", rounded(times.median)},
                      {"max_ms", rounded(times.most)}};
    if (!row.reason.empty()) step["reason"] = row.reason;
    steps.emplace_back(std::move(step));
  }
  return {{"ok", count(Row::Outcome::failed) == 0},
          {"url", url},
          {"failed", count(Row::Outcome::failed)},
          {"skipped", count(Row::Outcome::skipped)},
          {"steps", std::move(steps)}};
}

}  // namespace togglecast::app::probe
