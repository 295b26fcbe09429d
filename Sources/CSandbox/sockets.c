#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { descriptor_count_max = 8 };

static int pair(int type, int descriptors[2]) {
    return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, descriptors) == 0 ? 0 : -errno;
}

int csandbox_stream_pair(int descriptors[2]) {
    return pair(SOCK_STREAM, descriptors);
}

int csandbox_datagram_pair(int descriptors[2]) {
    return pair(SOCK_SEQPACKET, descriptors);
}

typedef union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * descriptor_count_max)];
} control_buffer;

ssize_t csandbox_send(
    int socket, const void *bytes, size_t byte_count, const int *descriptors,
    size_t descriptor_count
) {
    if (descriptor_count > descriptor_count_max) return -EINVAL;
    struct iovec content = {.iov_base = (void *)bytes, .iov_len = byte_count};
    struct msghdr message = {.msg_iov = &content, .msg_iovlen = 1};
    control_buffer control;
    if (descriptor_count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptor_count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * descriptor_count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * descriptor_count);
    }
    ssize_t sent;
    do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

// Moves the descriptors out of a message; the ones over `capacity` are closed. Returns how many
// came in all.
static size_t take_descriptors(struct msghdr *message, int *descriptors, size_t capacity) {
    size_t count = 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
         header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t arrived = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t index = 0; index < arrived; index++, count++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + index * sizeof(int), sizeof descriptor);
            if (count < capacity)
                descriptors[count] = descriptor;
            else
                close(descriptor);
        }
    }
    return count;
}

ssize_t csandbox_receive(
    int socket, void *bytes, size_t capacity, int *descriptors, size_t descriptor_capacity,
    size_t *descriptor_count
) {
    struct iovec content = {.iov_base = bytes, .iov_len = capacity};
    struct msghdr message = {.msg_iov = &content, .msg_iovlen = 1};
    control_buffer control;
    if (descriptor_capacity > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
    }
    *descriptor_count = 0;
    ssize_t received;
    do received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (received < 0 && errno == EINTR);
    if (received < 0) return -errno;
    size_t arrived = take_descriptors(&message, descriptors, descriptor_capacity);
    if (arrived > descriptor_capacity || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
        size_t kept = arrived < descriptor_capacity ? arrived : descriptor_capacity;
        for (size_t index = 0; index < kept; index++) close(descriptors[index]);
        return -EMSGSIZE;
    }
    *descriptor_count = arrived;
    return received;
}
