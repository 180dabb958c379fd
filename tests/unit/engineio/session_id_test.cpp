#include "engineio/session_id.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "net/shard_limit.hpp"

namespace togglecast::engineio {
namespace {

TEST(SessionId, NamesItsShardHoweverManyThereAre) {
  SystemRandom random;
  for (std::size_t shard = 0; shard < net::kMostShards; ++shard) {
    for (const auto& node : {std::optional<NodeTag>{}, to_node_tag("n1"), to_node_tag("__")}) {
      const SessionId id = make_session_id(node, shard, random);

      EXPECT_EQ(shard_named_in(view_of(id)), shard);
      EXPECT_EQ(to_session_id(view_of(id)), id);
    }
  }
}

TEST(SessionId, IsAnotherEachTime) {
  SystemRandom random;

  EXPECT_NE(make_session_id({}, 1, random), make_session_id({}, 1, random));
}

TEST(SessionId, BeginsWithItsNode) {
  SystemRandom random;
  const NodeTag own{'n', '1'};
  const NodeTag other{'n', '2'};
  const SessionId id = make_session_id(own, 3, random);

  EXPECT_EQ(view_of(id).substr(0, 2), "n1");
  EXPECT_FALSE(is_of_other_node(view_of(id), own));
  EXPECT_TRUE(is_of_other_node(view_of(id), other));
  EXPECT_NE(view_of(id).substr(2), view_of(make_session_id(own, 3, random)).substr(2));
}

TEST(SessionId, TextOfAnotherFormIsOfNoOtherNode) {
  const NodeTag own{'n', '1'};

  for (const std::string_view text :
       {"", "n2", "~~~~~~~~~~~~~~~~~~~~", "n2AAAAAAAAAAAAAAAAA", "n2AAAAAAAAAAAAAAAAAA="})
    EXPECT_FALSE(is_of_other_node(text, own)) << text;
}

TEST(NodeTag, IsTwoCharactersThatAUrlMayHold) {
  for (const std::string_view good : {"n1", "AZ", "az", "09", "-_"}) EXPECT_TRUE(to_node_tag(good)) << good;
  for (const std::string_view bad : {"", "n", "n12", "n.", "n ", "\xc3\xa9", "n/"})
    EXPECT_FALSE(to_node_tag(bad)) << bad;
}

TEST(NodeTag, OfATextIsAlwaysTheSame) {
  EXPECT_EQ(node_tag_of("machine:5001"), node_tag_of("machine:5001"));
  EXPECT_NE(node_tag_of("machine:5001"), node_tag_of("machine:5002"));
  const NodeTag tag = node_tag_of("machine:5001");
  EXPECT_TRUE(to_node_tag({tag.data(), tag.size()}));
}

TEST(SessionId, TextOfAnotherFormIsNone) {
  EXPECT_FALSE(shard_named_in("short"));
  EXPECT_FALSE(shard_named_in("~~~~~~~~~~~~~~~~~~~~"));
  EXPECT_FALSE(to_session_id("short"));
  EXPECT_FALSE(to_session_id(std::string(21, 'A')));
}

}  // namespace
}  // namespace togglecast::engineio
