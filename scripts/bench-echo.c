/*
 * The smallest MCP server that a benchmark can have: as many tools as its argument says (50), an echo of
 * params.arguments.message, and a call that takes 250 ms when the message begins with "slow".
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

static void reply(const char *id, size_t id_length, const char *result, size_t length) {
  pthread_mutex_lock(&writing);
  fputs("{\"jsonrpc\":\"2.0\",\"id\":", stdout);
  fwrite(id, 1, id_length, stdout);
  fputs(",\"result\":", stdout);
  fwrite(result, 1, length, stdout);
  fputs("}\n", stdout);
  fflush(stdout);
  pthread_mutex_unlock(&writing);
}

static void *reply_late(void *id) {
  const char *result = "{\"content\":[{\"type\":\"text\",\"text\":\"slow\"}]}";
  usleep(250000);
  reply(id, strlen(id), result, strlen(result));
  free(id);
  return NULL;
}

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 50;
  char *tools = malloc(64 + 256 * count), *line = NULL, *out = NULL;
  size_t capacity = 0, out_capacity = 0;
  char *at = tools + sprintf(tools, "{\"tools\":[");
  for (int n = 0; n < count; n++)
    at += sprintf(at,
                  "%s{\"name\":\"%s%.0d\",\"description\":\"Gives back what it got; number %d of many.\","
                  "\"inputSchema\":{\"type\":\"object\",\"properties\":{\"message\":{\"type\":\"string\"}}}}",
                  n ? "," : "", n ? "echo" : "echo", n, n);
  sprintf(at, "]}");
  setvbuf(stdout, malloc(1 << 21), _IOFBF, 1 << 21);
  for (ssize_t length; (length = getline(&line, &capacity, stdin)) > 0;) {
    char *id = strstr(line, "\"id\":");
    if (!id) continue;
    id += 5;
    size_t id_length = strcspn(id, ",}");
    if (strstr(line, "\"initialize\"")) {
      const char *result = "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{}},"
                           "\"serverInfo\":{\"name\":\"echo\",\"version\":\"1\"}}";
      reply(id, id_length, result, strlen(result));
    } else if (strstr(line, "\"tools/list\"")) {
      reply(id, id_length, tools, strlen(tools));
    } else {
      const char *message = strstr(line, "\"message\":\"");
      size_t size = message ? strcspn(message += 11, "\"") : 0;
      if (size >= 4 && !memcmp(message, "slow", 4)) {
        pthread_t thread;
        pthread_create(&thread, NULL, reply_late, strndup(id, id_length));
        pthread_detach(thread);
        continue;
      }
      if (size + 64 > out_capacity) out = realloc(out, out_capacity = size + 64);
      size_t head = sprintf(out, "{\"content\":[{\"type\":\"text\",\"text\":\"");
      memcpy(out + head, message, size);
      memcpy(out + head + size, "\"}]}", 5);
      reply(id, id_length, out, head + size + 4);
    }
  }
  return 0;
}
