#include "wire/sse/event.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace togglecast::wire::sse {
namespace {

struct Heard {
  std::string name, data, id;
  friend bool operator==(const Heard&, const Heard&) = default;
};

std::vector<Heard> read(Decoder& decoder, std::string_view bytes) {
  std::vector<Heard> heard;
  EXPECT_TRUE(decoder.feed(bytes, [&](const Received& one) {
    heard.push_back({one.name, one.data, one.id});
  }));
  return heard;
}

std::vector<Heard> read(std::string_view bytes) {
  Decoder decoder;
  return read(decoder, bytes);
}

TEST(SseEvent, IsFieldsAndAnEmptyLine) {
  std::string out;
  append(out, {.name = "feature_update", .data = "{\"a\":1}", .id = "7", .retry = 1'500});

  EXPECT_EQ(out, "retry: 1500\nevent: feature_update\ndata: {\"a\":1}\nid: 7\n\n");
}

TEST(SseEvent, CanGetItsIdLater) {
  std::string out;
  append_open(out, {.name = "x", .data = "1"});
  append_id(out, "9");

  EXPECT_EQ(read(out), (std::vector<Heard>{{"x", "1", "9"}}));
}

TEST(SseEvent, HasOneFieldForEachLineOfItsData) {
  std::string out;
  append(out, {.data = "a\r\nb\rc\n"});

  EXPECT_EQ(out, "data: a\ndata: b\ndata: c\ndata: \n\n");
  EXPECT_EQ(read(out), (std::vector<Heard>{{"message", "a\nb\nc\n", ""}}));
}

TEST(SseEvent, NamesAndIdsAreOneLine) {
  EXPECT_TRUE(is_one_line("pid~1.42"));
  EXPECT_FALSE(is_one_line("a\nb"));
  EXPECT_FALSE(is_one_line("a\rb"));
  EXPECT_FALSE(is_one_line(std::string_view("a\0b", 3)));
}

// The examples of the standard, section 9.2.6.
TEST(SseDecoder, ReadsTheExamplesOfTheStandard) {
  EXPECT_EQ(read("data: YHOO\ndata: +2\ndata: 10\n\n"),
            (std::vector<Heard>{{"message", "YHOO\n+2\n10", ""}}));
  EXPECT_EQ(
      read(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n"),
      (std::vector<Heard>{{"message", "first event", "1"}, {"message", "second event", ""}}));
  EXPECT_EQ(read("data\n\ndata\ndata\n\ndata:"),
            (std::vector<Heard>{{"message", "", ""}, {"message", "\n", ""}}));
  EXPECT_EQ(read("data:test\n\ndata: test\n\n"),
            (std::vector<Heard>{{"message", "test", ""}, {"message", "test", ""}}));
}

TEST(SseDecoder, IgnoresWhatItDoesNotKnow) {
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 "event: a\ncolour: red\ndata: 1\nretry: soon\n\nevent: lost\n\ndata: 2\n\n"),
            (std::vector<Heard>{{"a", "1", ""}, {"message", "2", ""}}));
}

TEST(SseDecoder, KeepsAnIdWithoutData) {
  Decoder decoder;
  EXPECT_TRUE(read(decoder, "id: 5\nretry: 250\n\n").empty());

  EXPECT_EQ(decoder.last_id(), "5");
  EXPECT_EQ(decoder.retry(), 250U);
  EXPECT_EQ(read(decoder, "data: x\n\nid: a" + std::string(1, '\0') + "\n\n"),
            (std::vector<Heard>{{"message", "x", "5"}}));
  EXPECT_EQ(decoder.last_id(), "5") << "an id with NUL is none";
}

TEST(SseDecoder, RefusesAnEventThatIsTooLong) {
  Decoder decoder(100);
  const auto use = [](const Received&) { ADD_FAILURE(); };

  EXPECT_TRUE(decoder.feed("data: " + std::string(80, 'x'), use));
  EXPECT_FALSE(decoder.feed(std::string(80, 'x'), use));
  EXPECT_FALSE(decoder.feed("\n\n", use));
}

TEST(SseDecoder, ReadsWhatWasWrittenHoweverItIsCut) {
  std::mt19937 random(20261129);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const auto text = [&](std::string_view letters) {
    std::string made;
    for (std::size_t i = below(12); i > 0; --i) made += letters[below(letters.size())];
    return made;
  };
  for (int round = 0; round < 2'000; ++round) {
    std::string out;
    std::vector<Heard> expected;
    std::string id;
    for (std::size_t i = below(5); i > 0; --i) {
      const std::string name = text("ab: "), data = text("x :\n\xC3\xA4"), next = text("0~.");
      if (below(3) == 0) out += kComment;
      const bool has_id = below(2) == 0;
      append(
          out,
          {.name = name, .data = data, .id = has_id ? std::optional<std::string_view>(next) : std::nullopt});
      if (has_id) id = next;
      if (data.empty()) continue;
      // One space in front of a value belongs to its field.
      expected.push_back({name.empty() ? "message" : name, data, id});
    }
    Decoder decoder;
    std::vector<Heard> heard;
    for (std::string_view rest = out; !rest.empty();) {
      const std::size_t size = std::min(rest.size(), 1 + below(7));
      for (auto& one : read(decoder, rest.substr(0, size))) heard.push_back(std::move(one));
      rest.remove_prefix(size);
    }
    ASSERT_EQ(heard, expected) << out;
    ASSERT_EQ(decoder.last_id(), id);
  }
}

}  // namespace
}  // namespace togglecast::wire::sse
