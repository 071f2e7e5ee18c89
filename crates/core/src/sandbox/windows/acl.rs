//! Entries of access lists.

use std::{
    fs::{File, OpenOptions},
    io,
    os::windows::{
        fs::{MetadataExt, OpenOptionsExt},
        io::AsRawHandle,
    },
    path::Path,
    ptr,
};

use windows_sys::Win32::{
    Foundation::LocalFree,
    Security::{
        ACL,
        Authorization::{
            DENY_ACCESS, EXPLICIT_ACCESS_W, GRANT_ACCESS, GetSecurityInfo, REVOKE_ACCESS, SE_FILE_OBJECT,
            SetEntriesInAclW, SetSecurityInfo, TRUSTEE_IS_SID, TRUSTEE_W,
        },
        CONTAINER_INHERIT_ACE, DACL_SECURITY_INFORMATION, GetSecurityDescriptorControl, InitializeSecurityDescriptor,
        OBJECT_INHERIT_ACE, PSECURITY_DESCRIPTOR, PSID, SE_DACL_AUTO_INHERIT_REQ, SE_DACL_AUTO_INHERITED,
        SE_DACL_PROTECTED, SECURITY_DESCRIPTOR, SetKernelObjectSecurity, SetSecurityDescriptorControl,
        SetSecurityDescriptorDacl,
    },
    Storage::FileSystem::{
        DELETE, FILE_ALL_ACCESS, FILE_APPEND_DATA, FILE_ATTRIBUTE_REPARSE_POINT, FILE_DELETE_CHILD,
        FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, FILE_GENERIC_EXECUTE, FILE_GENERIC_READ,
        FILE_GENERIC_WRITE, FILE_READ_ATTRIBUTES, FILE_WRITE_ATTRIBUTES, FILE_WRITE_DATA, FILE_WRITE_EA, READ_CONTROL,
        SYNCHRONIZE, WRITE_DAC, WRITE_OWNER,
    },
};

use super::{grants::Right, sid::Sid};

/// What changes a file or folder. Reading it must go on, so that rights that both have are not in it.
const CHANGES: u32 = FILE_WRITE_DATA
    | FILE_APPEND_DATA
    | FILE_WRITE_EA
    | FILE_WRITE_ATTRIBUTES
    | FILE_DELETE_CHILD
    | DELETE
    | WRITE_DAC
    | WRITE_OWNER;

/// `SECURITY_DESCRIPTOR_REVISION`.
const REVISION: u32 = 1;
/// What tells how a list came about; it stays as it is.
const ORIGIN: u16 = SE_DACL_PROTECTED | SE_DACL_AUTO_INHERITED;

/// Has a sandbox do with `path`, and, but for a look, all in it, what `right` says.
pub fn grant(path: &Path, sid: &Sid, right: Right) -> io::Result<()> {
    let (mode, mask) = match right {
        Right::Look => return edit(path, sid, GRANT_ACCESS, FILE_READ_ATTRIBUTES | SYNCHRONIZE, Reach::Itself),
        Right::Read => (GRANT_ACCESS, FILE_GENERIC_READ | FILE_GENERIC_EXECUTE),
        // Without FILE_DELETE_CHILD, so that what can't be deleted itself can't be deleted through its folder.
        Right::Change => (GRANT_ACCESS, FILE_GENERIC_READ | FILE_GENERIC_EXECUTE | FILE_GENERIC_WRITE | DELETE),
        Right::NoChange => (DENY_ACCESS, CHANGES),
        Right::Nothing => (DENY_ACCESS, FILE_ALL_ACCESS),
    };
    edit(path, sid, mode, mask, Reach::AllInIt)
}

/// Takes back whatever a sandbox was granted or refused at `path`. What isn't there any more has nothing to take back.
pub fn take_back(path: &Path, sid: &Sid, reach: Reach) -> io::Result<()> {
    match edit(path, sid, REVOKE_ACCESS, 0, reach) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Whether the access list of a file or folder can be changed.
pub fn is_changeable(path: &Path) -> bool {
    open(path, READ_CONTROL | WRITE_DAC).is_ok()
}

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The file or folder alone.
    Itself,
    /// All in it, too.
    AllInIt,
}

fn edit(path: &Path, sid: &Sid, mode: i32, mask: u32, reach: Reach) -> io::Result<()> {
    let file = open(path, READ_CONTROL | WRITE_DAC)?;
    let (mut list, mut descriptor): (*mut ACL, _) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the handle is open, and what is asked for has a place.
    let error = unsafe {
        GetSecurityInfo(
            file.as_raw_handle(),
            SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION,
            ptr::null_mut(),
            ptr::null_mut(),
            &raw mut list,
            ptr::null_mut(),
            &raw mut descriptor,
        )
    };
    check(error)?;
    let descriptor = Local(descriptor);
    if list.is_null() {
        // Nobody is kept from anything there: no entry would keep the sandbox from something.
        return Err(io::Error::new(io::ErrorKind::Unsupported, "it has no access list"));
    }
    let entry = EXPLICIT_ACCESS_W {
        grfAccessPermissions: mask,
        grfAccessMode: mode,
        grfInheritance: if reach == Reach::AllInIt { OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE } else { 0 },
        Trustee: trustee(sid.as_ptr()),
    };
    let mut edited = ptr::null_mut();
    // SAFETY: one entry, whose trustee is an identity, and the list that was read, which the descriptor still holds.
    check(unsafe { SetEntriesInAclW(1, &raw const entry, list, &raw mut edited) })?;
    let edited = Local(edited.cast());
    if reach == Reach::Itself {
        return set_alone(&file, edited.0.cast(), descriptor.0);
    }
    drop(descriptor);
    // SAFETY: the list was just made.
    check(unsafe {
        SetSecurityInfo(
            file.as_raw_handle(),
            SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION,
            ptr::null_mut(),
            ptr::null_mut(),
            edited.0.cast(),
            ptr::null(),
        )
    })
}

/// Gives a folder a list in place of the one in `before`. What is in it is not visited: there may be very much.
fn set_alone(folder: &File, list: *const ACL, before: PSECURITY_DESCRIPTOR) -> io::Result<()> {
    let done = |done: i32| if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) };
    let (mut control, mut revision) = (0, 0);
    let mut descriptor = SECURITY_DESCRIPTOR::default();
    let descriptor = (&raw mut descriptor).cast();
    // SAFETY: reads a descriptor that lives, fills a live variable, has it name the list, which lives, and hands it over.
    unsafe {
        done(GetSecurityDescriptorControl(before, &raw mut control, &raw mut revision))?;
        // The system keeps the mark of an inherited list only where it is asked for as well.
        let asked = if control & SE_DACL_AUTO_INHERITED == 0 { 0 } else { SE_DACL_AUTO_INHERIT_REQ };
        done(InitializeSecurityDescriptor(descriptor, REVISION))?;
        done(SetSecurityDescriptorDacl(descriptor, 1, list, 0))?;
        done(SetSecurityDescriptorControl(descriptor, ORIGIN | SE_DACL_AUTO_INHERIT_REQ, control & ORIGIN | asked))?;
        done(SetKernelObjectSecurity(folder.as_raw_handle(), DACL_SECURITY_INFORMATION, descriptor))
    }
}

/// Whom an entry is about.
pub fn trustee(sid: PSID) -> TRUSTEE_W {
    TRUSTEE_W { TrusteeForm: TRUSTEE_IS_SID, ptstrName: sid.cast(), ..TRUSTEE_W::default() }
}

/// Opens what is there itself: a link could lead anywhere.
pub fn open(path: &Path, access: u32) -> io::Result<File> {
    let file = OpenOptions::new()
        .access_mode(access)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)
        .open(path)?;
    if file.metadata()?.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a link; name what it leads to"));
    }
    Ok(file)
}

fn check(error: u32) -> io::Result<()> {
    if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error.cast_signed())) }
}

/// Memory that the system made for this process.
struct Local(*mut std::ffi::c_void);

impl Drop for Local {
    fn drop(&mut self) {
        // SAFETY: the system made it, and nobody has it any more.
        unsafe { LocalFree(self.0) };
    }
}
