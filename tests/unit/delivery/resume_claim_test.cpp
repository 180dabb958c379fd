#include "delivery/resume_claim.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "domain/evaluation/unusable_context.hpp"

namespace togglecast::delivery {
namespace {

class ResumeClaims : public ::testing::Test {
 protected:
  ResumeClaims() {
    std::ifstream file(std::string(TOGGLECAST_SOURCE_DIR) + "/tests/vectors/resume/claims.json");
    std::stringstream text;
    text << file.rdbuf();
    vectors_ = json::parse(text.str()).value();
  }

  static SessionIds ids_of(std::string_view hex) {
    std::string secret;
    for (std::size_t i = 0; i < hex.size(); i += 2)
      secret += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    auto key = auth::SigningKey::make("1", Secret(secret));
    return SessionIds(key->derive("resumable sessions"));
  }
  std::string view(const json::value& named) const {
    return std::string(vectors_.at("views").at(named.as_string()).as_string());
  }
  static std::string text(const json::value& from, std::string_view member) {
    return std::string(from.at(member).as_string());
  }

  json::value vectors_;
};

TEST_F(ResumeClaims, IdsAndTagsAreThoseOfAnIndependentProgram) {
  const auto ids = ids_of(text(vectors_, "secret"));
  for (const auto& one : vectors_.at("ids").as_array()) {
    const auto base = one.at("base").as_int64();
    const auto salt = static_cast<std::uint32_t>(one.at("salt").as_int64());
    const Pid pid = ids.make(view(one.at("view")), base, salt);

    EXPECT_EQ(pid.text(), text(one, "pid"));
    EXPECT_EQ(pid.text().size(), Pid::kText);
    EXPECT_EQ(pid.base(), base);
    EXPECT_EQ(pid.salt(), salt);
    EXPECT_EQ(Pid::parse(pid.text()), pid);
    EXPECT_EQ(ids.tag_of(pid), text(one, "tag"));
  }
}

TEST_F(ResumeClaims, AreBelievedOnlyAsFarAsTheyGo) {
  const auto ids = ids_of(text(vectors_, "secret"));
  for (const auto& one : vectors_.at("cases").as_array()) {
    const auto claim = read_claim(ids, view(one.at("view")), text(one, "pid"), text(one, "offset"));

    const std::string result = claim ? "claim" : std::string(to_string(claim.error()));
    EXPECT_EQ(result, text(one, "result")) << text(one, "what");
    if (!claim) continue;
    EXPECT_EQ(claim->pid.text(), text(one, "pid"));
    EXPECT_EQ(claim->offset, domain::parse_offset(text(one, "offset")));
  }
}

TEST_F(ResumeClaims, OfAnotherInstallationAreNotOurs) {
  const auto ids = ids_of(std::string(64, '7'));
  const auto& ours = vectors_.at("cases").at(0);

  const auto claim = read_claim(ids, view(ours.at("view")), text(ours, "pid"), text(ours, "offset"));

  EXPECT_EQ(claim.error(), ResumeResult::other_view);
}

// Else a stock client would take the new session for the one that it had.
TEST_F(ResumeClaims, ANewSessionNeverHasTheIdThatWasPresented) {
  class Constant final : public RandomSource {
   public:
    void fill(std::span<std::uint8_t> out) override {
      for (auto& byte : out) byte = 0;
    }
  };
  Constant random;
  const auto ids = ids_of(text(vectors_, "secret"));
  const Pid first = ids.make_new("view", 7, std::nullopt, random);

  const Pid second = ids.make_new("view", 7, first, random);

  EXPECT_NE(second, first);
  EXPECT_EQ(second.base(), first.base());
  EXPECT_EQ(ids.with_view(second, "view"), second);
}

TEST(ViewNames, TellApartWhatSeesDifferently) {
  const auto context = [](std::string_view text) {
    return std::make_shared<const json::object>(json::parse(text).value().as_object());
  };
  const std::string names[] = {
      client_view_name("/client", "production", 7, nullptr),
      client_view_name("/client", "production", 7, context("{}")),
      client_view_name("/client", "production", 7, domain::evaluation::unusable_context()),
      client_view_name("/client", "production", 7, context(R"({"a":1,"b":2})")),
      client_view_name("/client", "production", 8, nullptr),
      client_view_name("/client", "staging", 7, nullptr),
      admin_view_name("/admin", "production", 7, domain::Role::viewer),
      admin_view_name("/admin", "production", 7, domain::Role::owner),
      admin_view_name("/admin", "production", 8, domain::Role::owner),
  };
  for (const auto& one : names) EXPECT_EQ(std::count(std::begin(names), std::end(names), one), 1) << one;

  EXPECT_EQ(client_view_name("/client", "production", 7, context(R"({"b":2,"a":1.0})")),
            client_view_name("/client", "production", 7, context(R"({"a":1,"b":2})")));
}

}  // namespace
}  // namespace togglecast::delivery
